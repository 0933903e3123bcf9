import { tmpdir } from 'node:os';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EXIT } from '../exit-codes.js';
import { runConclave, type Ended } from '../test/run-conclave.js';
import { TestPlatform } from '../test/test-platform.js';

describe('conclave admin', () => {
  let platform: TestPlatform;
  beforeAll(async () => void (platform = await TestPlatform.start()));
  beforeEach(() => platform.tenants.reset());
  afterAll(() => platform.stop());

  const conclave = (words: string[], stdin = ''): Promise<Ended> =>
    runConclave(['admin', ...words], {
      cwd: tmpdir(),
      env: { CONCLAVE_URL: platform.url, CONCLAVE_API_KEY: platform.key },
      stdin,
    });

  it('lists, makes, suspends and resumes tenants', async () => {
    const { id } = platform.tenants.tenant;
    expect((await conclave(['tenants', 'list'])).stdout).toBe(`${id}  active  Acme\n`);
    const made = await conclave(['tenants', 'create', 'Beta']);
    expect([made.stdout, made.stderr]).toEqual([
      'http://localhost/welcome#secret\n',
      expect.stringMatching(/ Beta .*\nIts link is shown this once/),
    ]);
    expect((await conclave(['tenants', 'suspend', 'acme', '--reason', 'unpaid'])).stdout).toContain(
      'suspended  Acme  unpaid',
    );
    expect(JSON.parse((await conclave(['tenants', 'resume', id, '--json'])).stdout)).toMatchObject({ state: 'active' });
  }, 60_000);

  it('erases only what was named once more, and follows it to its end', async () => {
    const { id } = platform.tenants.tenant;
    const erase = ['tenants', 'erase', 'Acme', '--reason', 'they left'];
    const early = await conclave(erase, 'Acme\n');
    expect([early.code, early.stderr]).toEqual([
      EXIT.refused,
      expect.stringMatching(/^conclave: Only a suspended tenant can be erased[^]*Suspend it first/),
    ]);
    await conclave(['tenants', 'suspend', id, '--reason', 'they left']);
    expect(await conclave(erase, 'Acmee\n')).toMatchObject({
      code: EXIT.usage,
      stderr: expect.stringContaining('is not the name of this tenant'),
    });
    expect(await conclave([...erase, '--yes'])).toMatchObject({ code: EXIT.usage });
    expect(platform.tenants.erasures).toBe(0);
    const asked = await conclave(erase, 'Acme\n');
    expect(asked.stdout).toContain(`conclave admin tenants cancel-erasure ${id}`);
    expect(asked.stderr).toContain('Write its name to go on');
    const done = await conclave([...erase, '--yes', '--name', 'Acme', '--wait']);
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('2 data keys are destroyed') });
    expect(done.stderr).toContain('audit: 12 rows are gone');
  }, 60_000);

  it('changes limits one by one, and shows one’s own', async () => {
    const { id } = platform.tenants.tenant;
    const set = await conclave(['limits', 'set', id, '--max-members', '5', '--max-secrets', 'none']);
    expect(set.stdout).toMatch(/^members +1 of 5$/m);
    expect((await conclave(['limits', 'show'])).stdout).toMatch(/^secrets +0 of any number$/m);
  }, 60_000);

  it.each([
    [['nothing'], 'there is no command "admin nothing"'],
    [['tenants', 'sell'], 'there is no command "admin tenants sell"'],
    [['tenants', 'crate'], 'Did you mean: conclave admin tenants create?'],
    [['tenants', 'show'], 'TENANT is missing'],
    [['tenants', 'list', 'x'], 'unexpected argument'],
    [['tenants', 'suspend', 'x'], '--reason is missing'],
    [['limits', 'set', 'x'], 'nothing is to be limited'],
    [['limits', 'set', 'x', '--max-members', 'many'], 'a number or none'],
  ])('refuses %j before it asks anybody', async (words, said) => {
    const seen = platform.seen.length;
    expect(await conclave(words)).toMatchObject({ code: EXIT.usage, stderr: expect.stringContaining(said) });
    expect(platform.seen).toHaveLength(seen);
  });
});
