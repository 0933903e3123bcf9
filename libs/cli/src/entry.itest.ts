import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { oneFileOf } from '../bin/one-file.mjs';
import { EXIT } from './exit-codes.js';

describe('the entry of the command', () => {
  let checkout: string;
  const bin = () => join(checkout, 'libs/cli/bin/conclave.mjs');
  beforeEach(() => {
    checkout = mkdtempSync(join(tmpdir(), 'conclave-entry-'));
    mkdirSync(join(checkout, 'libs/cli/dist'), { recursive: true });
    cpSync(resolve(import.meta.dirname, '../bin'), join(checkout, 'libs/cli/bin'), { recursive: true });
    writeFileSync(join(checkout, 'package.json'), '{"type":"module"}');
  });
  afterEach(() => rmSync(checkout, { recursive: true }));

  it.each([
    ['that cannot be loaded', "import './gone.js';", /gone\.js/],
    ['that breaks', 'export const main = () => Promise.reject(new Error("broken"));', /broken/],
    [
      'that breaks beside its work',
      'export const main = () => new Promise((done) => setTimeout(() => { setTimeout(done, 9e3, 0); throw new Error("late"); }));',
      /late/,
    ],
  ])('never lets a program %s pass for a verdict', (_, program, reason) => {
    writeFileSync(join(checkout, 'libs/cli/dist/index.js'), program);
    const { status, stderr } = spawnSync(process.execPath, [bin(), 'review'], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([EXIT.local, expect.stringMatching(reason)]);
  });

  it('asks no builtin module by name for what older Nodes lack, which would end it before it could start another', () => {
    const names = [...readFileSync(bin(), 'utf8').matchAll(/import \{([^}]*)\} from 'node:/g)].flatMap(
      ([, list = '']) => list.split(',').map((name) => name.trim()),
    );
    expect(names.sort()).toEqual(['existsSync', 'join', 'resolve', 'sep', 'spawn']);
  });

  it('runs the one file of this build and of no other', () => {
    const says = (what: string) => `export const main = ({ stdout }) => (stdout.write('${what}'), 0);`;
    const built = join(checkout, 'libs/cli/dist/.tsbuildinfo');
    writeFileSync(join(checkout, 'libs/cli/dist/index.js'), says('modules'));
    writeFileSync(built, '{}');
    mkdirSync(dirname(oneFileOf(checkout)), { recursive: true });
    writeFileSync(oneFileOf(checkout), says('one file'));
    const said = () => spawnSync(process.execPath, [bin()], { encoding: 'utf8' }).stdout;
    expect(said()).toBe('one file');
    utimesSync(built, new Date(), new Date(Date.now() + 5_000));
    expect(said()).toBe('modules');
  });
});
