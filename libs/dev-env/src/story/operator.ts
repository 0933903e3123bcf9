/** Who types `conclave` against a whole installation: the program, the edge and the services are the real ones. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Constellation } from '../testing/constellation.js';
import { program } from './story.js';

/** As the program ends, by its help. */
export const ENDS = { refused: 13, runFailed: 14 } as const;

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that goes on. */
export interface Going {
  /** Settles with what was looked for once it is in what the command said so far. @throws Error when it ends without */
  says(what: RegExp): Promise<RegExpExecArray>;
  /** Types more, where the command asks. */
  type(text: string): void;
  readonly ended: Promise<Ended>;
}

type Env = Readonly<Record<string, string>>;

/** Somebody with a shell and a home of their own. */
export class Operator {
  private readonly home = mkdtempSync(join(tmpdir(), 'conclave-operator-'));

  constructor(readonly platform: Constellation) {}

  leave(): void {
    rmSync(this.home, { recursive: true });
  }

  /** Types under a key, or without any. */
  as(key?: string): (line: string, stdin?: string) => Promise<Ended> {
    return (line, stdin = '') => {
      const going = start(this.home, this.envOf(key), line);
      going.stdin.end(stdin);
      return going.ended;
    };
  }

  typed(line: string, stdin?: string): Promise<Ended> {
    return this.as(this.platform.apiKey)(line, stdin);
  }

  /** Types a command and stays at it. */
  begin(line: string): Going {
    const { says, stdin, ended } = start(this.home, this.envOf(this.platform.apiKey), line);
    return { says, ended, type: (text) => void stdin.write(text) };
  }

  /** What a list has. */
  async items(line: string): Promise<Record<string, unknown>[]> {
    return (JSON.parse((await this.typed(`${line} --json`)).stdout) as { items: Record<string, unknown>[] }).items;
  }

  file(name: string, text: string): string {
    writeFileSync(join(this.home, name), text);
    return name;
  }

  private envOf(key: string | undefined): Env {
    return key === undefined ? {} : { CONCLAVE_URL: this.platform.gateway, CONCLAVE_API_KEY: key };
  }
}

/** Words of a line, as a shell takes them apart. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain = '']) => quoted ?? plain);

function start(home: string, env: Env, line: string) {
  const own = { PATH: process.env['PATH'], HOME: home, CONCLAVE_STATE_DIR: home, ...env };
  const child = spawn(process.execPath, [program, ...wordsOf(line)], { cwd: home, env: own });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  child.stdin.on('error', () => undefined);
  const ended = new Promise<Ended>((done, failed) => {
    child.on('error', failed);
    child.on('close', (code) => done({ code: code ?? -1, stdout, stderr }));
  });
  const says = (what: RegExp): Promise<RegExpExecArray> =>
    new Promise((found, failed) => {
      const look = () => {
        const match = what.exec(stdout) ?? what.exec(stderr);
        if (match) found(match);
      };
      for (const stream of [child.stdout, child.stderr]) stream.on('data', look);
      look();
      void ended.then(() => failed(new Error(`${line} never said ${String(what)}: ${stdout}${stderr}`)));
    });
  return { stdin: child.stdin, says, ended };
}
