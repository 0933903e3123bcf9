/** The witness as it ships: the one file, as a process of its own, on loopback. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const FILE = resolve(import.meta.dirname, '../../../../../deploy/witness/witness.mjs');

export class WitnessProcess {
  private readonly dir = mkdtempSync(join(tmpdir(), 'conclave-witness-'));
  private child: ChildProcess | undefined;
  private port = 0;
  readonly vkey: string;

  constructor(readonly name = 'witness.example/w1') {
    this.vkey = this.run('keygen', '--name', name);
  }

  /** The verifier key as the file prints it later. */
  printedVkey(): string {
    return this.run('vkey');
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** On the port it had, if it had one. */
  async start(logs: readonly string[]): Promise<void> {
    const words = [...logs.flatMap((vkey) => ['--log', vkey]), '--state', join(this.dir, 'state')];
    const child = spawn(
      process.execPath,
      [FILE, 'serve', ...this.key, ...words, '--listen', `127.0.0.1:${this.port}`],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    this.child = child;
    let said = '';
    this.port = await new Promise((listening, failed) => {
      child.once('close', () => failed(new Error('the witness did not start')));
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const [, port] = /listening on .*:(\d+)\n/.exec(said) ?? [];
        if (port !== undefined) listening(Number(port));
      });
    });
  }

  async kill9(): Promise<void> {
    if (!this.child || this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'close');
  }

  async remove(): Promise<void> {
    await this.kill9();
    rmSync(this.dir, { recursive: true, force: true });
  }

  private get key(): string[] {
    return ['--key', join(this.dir, 'witness.key')];
  }

  private run(...words: string[]): string {
    return execFileSync(process.execPath, [FILE, ...words, ...this.key], { encoding: 'utf8' }).trim();
  }
}
