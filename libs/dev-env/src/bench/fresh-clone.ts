/** The checkout as somebody gets it who clones it now: committed files only, nothing installed, a home of its own. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { repositoryRoot } from '../paths.js';
import { mustRun } from '../processes/run.js';

export interface FreshClone {
  readonly dir: string;
  /** Runs a line in a shell there, as a person would; what it prints goes to `onText` as it comes. @returns its code */
  type(line: string, onText: (text: string) => void): Promise<number>;
}

/** Clones HEAD into a temporary directory, works there, stops what was started there and removes it. */
export async function withFreshClone<T>(work: (clone: FreshClone) => Promise<T>): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), 'conclave-clone-'));
  const dir = join(home, 'conclave');
  mkdirSync(join(home, 'npm-cache'));
  const type: FreshClone['type'] = (line, onText) => {
    const child = spawn('/bin/sh', ['-c', line], { cwd: dir, env: freshEnv(home), stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', onText);
    const interrupted = () => void child.kill('SIGTERM'); // and then cleaned up, by whoever waits for the code
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupted);
    return new Promise<number>((done) => child.on('close', (code) => done(code ?? 255))).finally(() => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupted);
    });
  };
  try {
    await mustRun('git', ['clone', '--quiet', '--no-hardlinks', repositoryRoot, dir]);
    return await work({ dir, type });
  } finally {
    if (existsSync(join(dir, 'node_modules'))) await type('npm run down -- --purge', () => undefined);
    rmSync(home, { recursive: true, force: true });
  }
}

/** The user's environment without what npm and this checkout put there, and with an empty package cache. */
function freshEnv(home: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$|CONCLAVE_|NODE)/.test(name));
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((part) => !part.startsWith(repositoryRoot));
  const own = { PATH: path.join(delimiter), npm_config_cache: join(home, 'npm-cache') };
  const registry = process.env['npm_config_registry'];
  return { ...Object.fromEntries(kept), ...own, ...(registry ? { npm_config_registry: registry } : {}) };
}
