import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { alone } from '../bin/alone.mjs';
import { compiledProjects, installedAsLocked, removeOrphans } from '../bin/bootstrap.mjs';
import { repositoryRoot } from './paths.js';
import { run } from './processes/run.js';

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

  it('lets one of many processes work at a time, whatever the dead ones left', async () => {
    const file = join(dir, 'lock');
    const log = join(dir, 'log');
    const program = `
      import { appendFileSync } from 'node:fs';
      import { alone } from '${join(import.meta.dirname, '../bin/alone.mjs')}';
      for (let n = 0; n < 3; n++)
        await alone('${file}', () => undefined, async () => {
          appendFileSync('${log}', 'begins ');
          await new Promise((later) => setTimeout(later, 5));
          appendFileSync('${log}', 'ends\\n');
        });`;
    writeFileSync(`${file}.999999999.gone.1`, '');
    const args = ['--input-type=module', '-e', program];
    const ends = await Promise.all(Array.from({ length: 4 }, () => run(process.execPath, args)));
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(readFileSync(log, 'utf8')).toBe('begins ends\n'.repeat(12));
  });

  it('lets one command work at a time, and outlives one that was killed', async () => {
    const file = join(dir, 'lock');
    const order: string[] = [];
    const work = (name: string) => async () => {
      order.push(`${name} begins`);
      await new Promise((later) => setTimeout(later, 50));
      order.push(`${name} ends`);
    };
    let holder = '';
    const waits = (path: string) => {
      holder = path;
      order.push('b waits');
    };
    await Promise.all([alone(file, () => undefined, work('a')), alone(file, waits, work('b'))]);
    expect(order).toEqual(['a begins', 'b waits', 'a ends', 'b begins', 'b ends']);
    expect(holder).toMatch(new RegExp(`^${file}\\.${process.pid}\\.[0-9a-f]{12}\\.\\d+$`));
    // Left by a process that is gone, by one whose pid somebody else has now, and by an earlier one with our own pid.
    for (const pid of [999_999_999, process.ppid, process.pid]) writeFileSync(`${file}.${pid}.an-earlier-start.1`, '');
    await alone(file, () => order.push('c waits'), work('c'));
    expect(order.slice(-2)).toEqual(['c begins', 'c ends']);
    expect(readdirSync(dir)).toEqual([]);
  });
});
