import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mustRun, run } from '../processes/run.js';
import { branches, createSample } from './sample.js';

describe('the sample repository', () => {
  let dir: string;
  const create = () => createSample(dir, async () => writeFileSync(join(dir, 'JURY'), ''));
  const git = (...args: string[]) => mustRun('git', args, { cwd: dir });

  beforeAll(async () => {
    dir = join(mkdtempSync(join(tmpdir(), 'sample-')), 'repository');
    await create();
  });
  afterAll(() => rmSync(join(dir, '..'), { recursive: true }));

  it.each(Object.values(branches))('has green tests on %s', async (branch) => {
    await git('checkout', '--quiet', branch);
    const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env;
    expect(await run(process.execPath, ['--test'], { cwd: dir, env })).toMatchObject({ code: 0 });
  });

  it('is the same commits whenever and by whomever it is made', async () => {
    const heads = () => git('for-each-ref', '--format=%(refname:short) %(objectname)');
    const before = await heads();
    await create();
    expect(await heads()).toBe(before);
    expect(before.trim().split('\n')).toHaveLength(3);
  });

  it('carries its jury on every branch', async () => {
    for (const branch of Object.values(branches)) expect(await git('ls-tree', branch, 'JURY')).not.toBe('');
  });
});
