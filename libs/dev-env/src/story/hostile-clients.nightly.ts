/**
 * What programs made to break servers find of a whole installation: nothing. schemathesis makes requests from the published
 * description, sqlmap and wapiti look for what they know; against loopback only.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../paths.js';
import { run } from '../processes/run.js';
import { startConstellation, type Constellation } from '../testing/constellation.js';
import { CANARY, furnish } from './strangers.js';

const { HOSTILE_PYTHON = 'python3' } = process.env;
const SCANS = 'exec,file,sql,blindsql,xss,permanentxss,redirect,crlf,csp,http_headers,cookieflags,methods,htaccess';
type Report = Readonly<Record<'vulnerabilities' | 'anomalies', Readonly<Record<string, readonly { info: string }[]>>>>;
let platform: Constellation;
let dir: string;

beforeAll(async () => {
  const unlimited = String(100_000_000);
  platform = await startConstellation({ env: { RATE_LIMIT_PRINCIPAL: unlimited, RATE_LIMIT_ADDRESS: unlimited } });
  dir = mkdtempSync(join(tmpdir(), 'hostile-'));
}, 180_000);
afterAll(async () => {
  rmSync(dir, { recursive: true, force: true });
  await platform.stop();
}, 60_000);

describe('the public API', () => {
  it('is what its description says, for a generator of requests with the credentials of two tenants, and without', async () => {
    const ids = await furnish(platform.gateway, platform.apiKey);
    const strangers = join(dir, 'strangers.json');
    const { stdout, code } = await run(
      join(HOSTILE_PYTHON, '../st'),
      [
        ...[
          '--config-file',
          join(repositoryRoot, 'deploy/verify/hostile/schemathesis.toml'),
          'run',
          `${platform.gateway}/openapi.json`,
        ],
        ...['--phases', 'examples,coverage,fuzzing', '--max-time', '900', '--workers', '2', '--continue-on-failure'],
        ...['--request-timeout', '30', '--exclude-path-regex', '/events$|/uploads', '--seed', '7'],
        // That it finds few values for a narrow pattern says nothing about the answers.
        '--suppress-health-check=filter_too_much',
      ],
      {
        env: {
          ...{ ...process.env, API_KEY: platform.apiKey, OTHER_API_KEY: platform.apiKeyB, CANARY },
          ...{ SCHEMATHESIS_HOOKS: join(repositoryRoot, 'deploy/verify/hostile/checks.py') },
          ...{ KNOWN_IDS: JSON.stringify(Object.fromEntries(ids)), STRANGERS_FILE: strangers },
        },
        ...{ cwd: dir, timeoutMs: 1_500_000 },
      },
    );
    expect(code === 0 ? '' : stdout.slice(stdout.search(/=+ (FAILURES|ERRORS) =+/)).slice(0, 16_000)).toBe('');
    const answers = Object.values(JSON.parse(readFileSync(strangers, 'utf8')) as Record<string, number>);
    expect(answers.reduce((sum, times) => sum + times, 0)).toBeGreaterThan(20);
  }, 1_800_000);

  it.each([
    ['a query', (gateway: string) => ['-u', `${gateway}/v1/audit/entries?type=x&actor=x&about=x&text=x&after=x`]],
    ['a list', (gateway: string) => ['-u', `${gateway}/v1/runs?state=x&after=x&limit=5`]],
    ['a path', (gateway: string) => ['-u', `${gateway}/v1/roles/x*`, '--method', 'DELETE']],
    ['a body', (gateway: string) => ['-u', `${gateway}/v1/sign-in-options`, '--data', '{"tenant":"x*","email":"x*"}']],
    ['a credential', (gateway: string) => ['-u', `${gateway}/v1/me`], 'x*'],
  ])(
    'has no place in %s where SQL could be put (sqlmap)',
    async (_, target, credential = platform.apiKey) => {
      const { stdout } = await run('sqlmap', [
        ...target(platform.gateway),
        ...[`--headers=Authorization: Bearer ${credential}\nContent-Type: application/json`, `--output-dir=${dir}`],
        ...['--batch', '--disable-coloring', '--level=2', '--risk=2', '--threads=4', '--ignore-code=*'],
      ]);
      expect(stdout).toContain('all tested parameters do not appear to be injectable');
    },
    900_000,
  );

  it('shows a scanner nothing it knows (wapiti)', async () => {
    const [file, { gateway, apiKey }] = [join(dir, 'wapiti.json'), platform];
    await run('wapiti', [
      ...['-u', `${gateway}/`, '-s', `${gateway}/v1/audit/entries?type=x&text=q`, '-s', `${gateway}/v1/runs?after=x`],
      ...['-H', `Authorization: Bearer ${apiKey}`, '-m', SCANS, '-f', 'json', '-o', file, '--store-session', dir],
    ]);
    const { vulnerabilities, anomalies } = JSON.parse(readFileSync(file, 'utf8')) as Report;
    const found = [vulnerabilities, anomalies].flatMap((group) =>
      Object.values(group)
        .flat()
        .map(({ info }) => info),
    );
    // A header that browsers no longer read, and that did harm while they did; and one that counts over TLS alone.
    const none = ['X-XSS-Protection is not set', 'Strict-Transport-Security is not set'];
    expect(found.filter((info) => !none.includes(info))).toEqual([]);
  }, 900_000);
});
