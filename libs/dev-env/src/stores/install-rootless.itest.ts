import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { run } from '../processes/run.js';
import { rootlessInstaller } from './install-rootless.js';
import { locate } from './locate.js';

const debian = (await rootlessInstaller.offers(['bubblewrap'])).length > 0;

/** An apt that believes nothing is installed, so that there is something to fetch wherever this runs. */
(debian ? describe : describe.skip)('a package without root', () => {
  let dir: string;
  const outer = { ...process.env };
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'rootless-'));
    writeFileSync(join(dir, 'status'), '');
    writeFileSync(join(dir, 'apt.conf'), `Dir::State::status "${dir}/status";\n`);
    Object.assign(process.env, { CONCLAVE_TOOL_CACHE: join(dir, 'cache'), APT_CONFIG: join(dir, 'apt.conf') });
  });
  afterAll(() => {
    process.env = outer;
    rmSync(dir, { recursive: true });
  });

  it('is fetched with what it needs and runs from the cache', async () => {
    await rootlessInstaller.install(['bubblewrap']);
    const found = await locate('bubblewrap', { path: '', wellKnown: [] });
    expect(found?.programs).toEqual([join(dir, 'cache/bin/bwrap')]);
    expect(await run(found?.programs[0] ?? '', ['--version'])).toMatchObject({ code: 0 });
  });
});
