import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';

const BIN = join(resolve(import.meta.dirname, '../..'), 'bin/conclave.mjs');

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command as a process of its own, in an environment that names nothing but what is given. */
export function runConclave(
  words: readonly string[],
  {
    cwd,
    env = {},
    stdin = '',
    deaf = false,
    onStderr,
  }: {
    cwd: string;
    env?: NodeJS.ProcessEnv;
    stdin?: string | Buffer;
    /** Closes its stdout before it says anything, as `| head` does later. */
    deaf?: boolean;
    onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
  },
): Promise<Ended> {
  const child = spawn(process.execPath, [BIN, ...words], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, CONCLAVE_STATE_DIR: join(cwd, 'nowhere'), ...env },
  });
  let [stdout, stderr] = ['', ''];
  if (deaf) child.stdout.destroy();
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
    onStderr?.(stderr, (signal) => child.kill(signal));
  });
  child.stdin.on('error', () => undefined).end(stdin);
  return new Promise((done, failed) => {
    child.on('error', failed);
    child.on('close', (code) => done({ code: code ?? -1, stdout, stderr }));
  });
}
