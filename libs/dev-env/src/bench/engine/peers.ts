/** What we are compared with: fetched when they are first measured, beside the checkout and never part of it. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { repositoryRoot } from '../../paths.js';
import { run } from '../../processes/run.js';

/** The versions that figures are compared with; others than the peers themselves as those want them. */
const PINNED = {
  '@dbos-inc/dbos-sdk': '5.3.0',
  '@langchain/core': '1.4.0',
  '@langchain/langgraph': '1.7.3',
  '@langchain/langgraph-checkpoint-postgres': '1.0.5',
  '@mastra/core': '1.71.0',
  '@mastra/pg': '1.27.1',
  zod: '4.6.7',
} as const;

const home = join(repositoryRoot, '.conclave', 'cache', 'bench-peers');

/** Installs the peers unless they are there. @returns where, or undefined with the reason said when npm could not */
export async function installPeers(say: (line: string) => void): Promise<string | undefined> {
  const stamp = join(home, JSON.stringify(PINNED).replaceAll(/[^\w.]+/g, '_'));
  if (existsSync(stamp)) return home;
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'package.json'), JSON.stringify({ private: true, dependencies: PINNED }));
  const { code, stderr } = await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: home });
  if (code === 0) {
    writeFileSync(stamp, '');
    return home;
  }
  say(`The peers are not measured: npm could not fetch them.\n${stderr.trim().split('\n').slice(-3).join('\n')}`);
  return undefined;
}

/** A module of the peers' own installation. */
export async function peerModule<T>(name: string): Promise<T> {
  const path = createRequire(join(home, 'package.json')).resolve(name);
  return (await import(pathToFileURL(path).href)) as T;
}
