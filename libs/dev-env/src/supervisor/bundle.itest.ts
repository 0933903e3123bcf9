import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { run } from '../processes/run.js';
import { bundled } from './bundle.js';

describe('the bundle of a build', () => {
  let dir: string;
  const home = () => ({
    services: join(dir, 'services'),
    bundles: join(dir, 'bundles'),
    compiled: join(dir, 'compiled'),
    kept: 3,
  });
  const write = (path: string, text: string) => {
    mkdirSync(join(dir, 'services', path, '..'), { recursive: true });
    writeFileSync(join(dir, 'services', path), text);
  };
  const build = (letter: string) => bundled(letter.repeat(64), home());

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'bundle-'));
    writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
    write('a/dist/shared.js', 'export const greeting = "hello";');
    for (const main of ['a/dist/main.js', 'b/dist/main.js', 'b/dist/other-main.js'])
      write(main, "import { greeting } from '../../a/dist/shared.js'; process.stdout.write(greeting);");
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('has one entry for every main file, each of which runs', async () => {
    const made = await build('1');
    const entries = readdirSync(made).filter((name) => !name.startsWith('chunk-'));
    expect(entries.sort()).toEqual(['a.js', 'b.js', 'b.other.js']);
    for (const entry of entries) expect((await run(process.execPath, [join(made, entry)])).stdout).toBe('hello');
  });

  it('is made once, also by two who ask at the same time', async () => {
    const [one, other] = await Promise.all([build('1'), build('1')]);
    expect(other).toBe(one);
    const kept = readFileSync(join(one, 'a.js'), 'utf8');
    write('a/dist/main.js', 'process.stdout.write("changed");');
    expect(await build('1')).toBe(one);
    expect(readFileSync(join(one, 'a.js'), 'utf8')).toBe(kept);
    expect(readdirSync(home().bundles)).toEqual(['1'.repeat(16)]);
  });

  it('stays as long as it is one of the newest', async () => {
    for (const [age, letter] of ['1', '2', '3', '4'].entries()) {
      const at = age - 100 + Date.now() / 1_000;
      utimesSync(await build(letter), at, at);
    }
    expect(readdirSync(home().bundles).sort()).toEqual(['2', '3', '4'].map((letter) => letter.repeat(16)));
  });

  it('is not there when making it was cut short, and is then made anew', async () => {
    const draft = join(home().bundles, `${'1'.repeat(16)}.4711`);
    mkdirSync(draft, { recursive: true });
    writeFileSync(join(draft, 'a.js'), 'half of');
    const made = await build('1');
    expect((await run(process.execPath, [join(made, 'a.js')])).stdout).toBe('hello');
  });

  it('is refused with the reason when the code cannot be bundled', async () => {
    write('b/dist/main.js', "import { gone } from './gone.js'; gone(");
    await expect(build('1')).rejects.toThrow(/could not be bundled \(1\):[^]*b\/dist\/main\.js/);
    expect(existsSync(join(home().bundles, '1'.repeat(16)))).toBe(false);
  });
});
