import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { alone } from '../bin/alone.mjs';
import { compiledProjects, installedAsLocked, removeOrphans } from '../bin/bootstrap.mjs';
import { repositoryRoot } from './paths.js';

const lock = {
  packages: {
    '': {},
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/@x/linux': { version: '1.0.0', integrity: 'sha512-x', optional: true },
    'libs/own': { version: '0.1.0' },
  },
};
const record = (packages: object) => JSON.stringify({ packages });

describe('packages', () => {
  const { '': _, 'node_modules/@x/linux': other, ...needed } = lock.packages;

  it('count as installed when npm recorded every locked one, other platforms aside', () => {
    expect(installedAsLocked(lock, record(needed))).toBe(true);
    expect(installedAsLocked(lock, record({ ...needed, 'node_modules/@x/linux': other }))).toBe(true);
  });

  it('are stale when one is missing, of another version or of other bytes', () => {
    expect(installedAsLocked(lock, '')).toBe(false);
    expect(installedAsLocked(lock, record({ 'libs/own': { version: '0.1.0' } }))).toBe(false);
    for (const changed of [{ version: '1.0.1' }, { integrity: 'sha512-b' }]) {
      const a = { ...lock.packages['node_modules/a'], ...changed };
      expect(installedAsLocked(lock, record({ ...needed, 'node_modules/a': a }))).toBe(false);
    }
  });
});

describe('the build', () => {
  it('compiles every workspace, so that none goes untyped and untested', () => {
    const workspaces = ['libs', 'services']
      .flatMap((folder) => readdirSync(join(repositoryRoot, folder)).map((name) => `${folder}/${name}`))
      .filter((path) => existsSync(join(repositoryRoot, path, 'tsconfig.json')));
    expect(compiledProjects().toSorted()).toEqual(workspaces.toSorted());
  });
});

describe('a directory of the bootstrap', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'bootstrap-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it.each([
    ['dist', 'dist'],
    ['compiled/dist', 'compiled/dist/src'],
  ])('loses the output of deleted sources in %s and nothing else', (_, output) => {
    for (const folder of ['src', output]) mkdirSync(join(dir, 'libs/p', folder), { recursive: true });
    const write = (path: string) => writeFileSync(join(dir, 'libs/p', path), '');
    write('src/kept.ts');
    for (const stem of ['kept', 'gone'])
      for (const end of ['.js', '.js.map', '.d.ts']) write(`${output}/${stem}${end}`);
    write(`${output}/asset.js`);
    removeOrphans(['libs/p'], dir);
    expect(readdirSync(join(dir, 'libs/p', output)).sort()).toEqual([
      'asset.js',
      'kept.d.ts',
      'kept.js',
      'kept.js.map',
    ]);
  });

  it('lets one command work at a time, and outlives one that was killed', async () => {
    const file = join(dir, 'lock');
    const order: string[] = [];
    const work = (name: string) => async () => {
      order.push(`${name} begins`);
      await new Promise((later) => setTimeout(later, 50));
      order.push(`${name} ends`);
    };
    await Promise.all([alone(file, () => undefined, work('a')), alone(file, () => order.push('b waits'), work('b'))]);
    expect(order).toEqual(['a begins', 'b waits', 'a ends', 'b begins', 'b ends']);
    writeFileSync(file, '999999999');
    await alone(file, () => undefined, work('c'));
    expect(order.at(-1)).toBe('c ends');
  });
});
