import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EXIT } from '../exit-codes.js';
import { runConclave, type Ended } from '../test/run-conclave.js';
import { TestPlatform } from '../test/test-platform.js';

describe('conclave login', () => {
  let platform: TestPlatform;
  let home: string;
  const file = () => join(home, '.config/conclave/credentials.json');
  beforeAll(async () => void (platform = await TestPlatform.start()));
  afterAll(() => platform.stop());
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'conclave-login-'));
    platform.tokens.end();
    platform.tokens.asked.length = 0;
    platform.tokens.lifetimeS = 300;
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const conclave = (...words: string[]): Promise<Ended> => runConclave(words, { cwd: home });
  const login = (...words: string[]) => conclave('login', '--url', platform.url, ...words);
  const asked = (endpoint: string) => platform.tokens.asked.filter((one) => one.endpoint === endpoint);

  it('shows a code, waits for the person as long as it is told to, and is at work from then on', async () => {
    platform.tokens.answers.push('authorization_pending', 'slow_down');
    const { code, stdout, stderr } = await login('--workspace', 'Main');
    expect([code, stdout]).toEqual([0, `Logged in at ${platform.url} as Ada of Acme, workspace Main.\n`]);
    expect(stderr).toContain(`${platform.url}/device\nand type the code\n  BCDF-GHJK\n`);
    expect(stderr).toContain('The code is good for 10 minutes; this command waits for you.');
    expect(asked('device_authorization')[0]!.form).toMatchObject({
      ...{ workspace: 'Main', scope: expect.stringContaining('run:create') },
    });
    expect(asked('device_authorization')[0]!.form).not.toHaveProperty('max_age');
    const [, second, third] = asked('token');
    expect(third!.at - second!.at).toBeGreaterThanOrEqual(5_000);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect((await conclave('whoami')).stdout).toContain(`at ${platform.url}, with the credential of ${file()}`);
    expect((await conclave('secrets', 'list', '--json')).code).toBe(0);
  }, 60_000);

  it('has the person prove who they are, when it is told to', async () => {
    expect((await login('--prove')).code).toBe(0);
    expect(asked('device_authorization')[0]!.form).toMatchObject({ max_age: '0' });
  }, 60_000);

  it('tells programs in two documents, and keeps nothing when it is interrupted', async () => {
    platform.tokens.answers.push(...Array<string>(100).fill('authorization_pending'));
    const { code, stdout } = await runConclave(['login', '--url', platform.url, '--json'], {
      cwd: home,
      onStderr: (_text, kill) => setTimeout(() => kill('SIGINT'), 300),
    });
    platform.tokens.answers.length = 0;
    expect([code, existsSync(file())]).toEqual([EXIT.interrupted, false]);
    expect(JSON.parse(stdout)).toMatchObject({ userCode: 'BCDF-GHJK', verificationUri: `${platform.url}/device` });
    const told = (await login('--json', '--scope', 'run:read self:read')).stdout.trim().split('\n');
    expect(told.map((line) => Object.keys(JSON.parse(line) as object).at(-1))).toEqual(['expiresInS', 'me']);
    expect(asked('device_authorization').at(-1)!.form['scope']).toBe('run:read self:read');
  }, 60_000);

  it.each([
    ['access_denied', 'cli.denied'],
    ['expired_token', 'cli.expired'],
    ['invalid_client', 'cli.refused'],
  ])('says what to do after %s', async (answer, code) => {
    platform.tokens.answers.push(answer);
    const { stdout, code: exit } = await login('--json');
    expect(exit).toBe(EXIT.refused);
    expect(JSON.parse(stdout.trim().replace(/^[^\n]*\n/, ''))).toMatchObject({ error: { code } });
    expect(existsSync(file())).toBe(false);
  });

  it('renews silently, once, however many commands run', async () => {
    platform.tokens.lifetimeS = 1;
    await login();
    platform.tokens.lifetimeS = 300;
    const ended = await Promise.all(Array.from({ length: 4 }, () => conclave('whoami')));
    expect(ended.map(({ code, stderr }) => [code, stderr])).toEqual(Array(4).fill([0, '']));
    expect(asked('token').filter(({ form }) => form['grant_type'] === 'refresh_token')).toHaveLength(1);
    expect(existsSync(`${file()}.lock`)).toBe(false);
  }, 60_000);

  it('has a name as a profile, under which it is renewed, used and ended', async () => {
    platform.tokens.lifetimeS = 1;
    const named = await login('--profile', 'work');
    expect(named.stdout).toContain('The profile work is in use from now on');
    platform.tokens.lifetimeS = 300;
    expect((await conclave('whoami')).stdout).toContain(`at ${platform.url}, with the credential of work in ${file()}`);
    const kept = JSON.parse(readFileSync(file(), 'utf8')) as { current: string; logins: object };
    expect(kept).toMatchObject({ current: 'work', logins: { work: { url: platform.url } } });
    expect(Object.keys(kept.logins)).toEqual(['work']);
    const elsewhere = await conclave('whoami', '--profile', 'work', '--url', 'http://127.0.0.1:1');
    expect([elsewhere.code, elsewhere.stderr]).toEqual([
      EXIT.usage,
      expect.stringContaining(`the profile work is about ${platform.url}`),
    ]);
    expect((await conclave('logout', '--profile', 'work')).stdout).toBe(`Logged out at ${platform.url}.\n`);
    expect((await conclave('whoami')).code).toBe(EXIT.usage);
  }, 60_000);

  it('is not kept from its file by a lock whose holder is gone', async () => {
    mkdirSync(`${file()}.lock`, { recursive: true });
    utimesSync(`${file()}.lock`, 0, 0);
    expect((await login()).code).toBe(0);
  });

  it('is told when the platform ended the login, and then has to begin again', async () => {
    platform.tokens.lifetimeS = 1;
    await login();
    platform.tokens.end();
    const advice = `conclave login --url ${platform.url}`;
    expect(await conclave('whoami')).toMatchObject({ code: EXIT.refused, stderr: expect.stringContaining(advice) });
    expect(readFileSync(file(), 'utf8')).not.toContain('Token');
    expect(await conclave('whoami', '--url', platform.url)).toMatchObject({
      ...{ code: EXIT.usage, stderr: expect.stringContaining('not logged in') },
    });
  });

  it('is ended by logout, here and there', async () => {
    await login();
    const [, stored] = /"refreshToken": "([^"]+)"/.exec(readFileSync(file(), 'utf8'))!;
    expect((await conclave('logout')).stdout).toBe(`Logged out at ${platform.url}.\n`);
    expect(asked('revoke')).toMatchObject([{ form: { token: stored } }]);
    expect(readFileSync(file(), 'utf8')).not.toContain(stored!);
    expect((await conclave('logout', '--url', platform.url)).stdout).toContain('not logged in');
  });

  it.each([
    [['--url', 'http://conclave.example.com'], 'not safe'],
    [['--url', 'http://127.0.0.1:1', '--scope', 'run:everything'], 'no permission "run:everything"'],
    [['--url', 'ftp://x'], 'not an http(s) address'],
    [[], 'no platform is named'],
  ])('refuses %j before it asks anybody', async (words, said) => {
    expect(await conclave('login', ...words)).toMatchObject({
      ...{ code: EXIT.usage, stderr: expect.stringContaining(said) },
    });
  });
});
