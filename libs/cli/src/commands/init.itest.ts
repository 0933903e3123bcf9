import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { parseTrustPolicy } from '@conclave/verify';
import { parse } from 'yaml';
import { EXIT } from '../exit-codes.js';
import { GitRepository } from '../test/git-repository.js';
import { runConclave } from '../test/run-conclave.js';
import { TestPlatform } from '../test/test-platform.js';

let platform: TestPlatform;
let repo: GitRepository;
beforeAll(async () => {
  platform = await TestPlatform.start();
});
afterAll(() => platform.stop());
beforeEach(() => {
  repo = new GitRepository();
});
afterEach(() => repo.remove());

const conclave = (...words: string[]) =>
  runConclave(words, { cwd: repo.dir, env: { CONCLAVE_URL: platform.url, CONCLAVE_API_KEY: platform.key } });
const written = (name: string): string => readFileSync(join(repo.dir, '.conclave', name), 'utf8');

describe('init', () => {
  it.each<[string, Record<string, string>, string | undefined]>([
    ['npm', { 'package.json': '{"scripts":{"test":"jest"}}' }, 'npm test'],
    ['pnpm', { 'package.json': '{"scripts":{"test":"jest"}}', 'pnpm-lock.yaml': '' }, 'pnpm test'],
    ['yarn', { 'package.json': '{"scripts":{"test":"jest"}}', 'yarn.lock': '' }, 'yarn test'],
    [
      'make',
      { 'package.json': '{"scripts":{"test":"echo no test specified && exit 1"}}', Makefile: 'all:\ntest: all\n' },
      'make test',
    ],
    ['Go', { 'go.mod': 'module x\n' }, 'go test ./...'],
    ['Cargo', { 'Cargo.toml': '' }, 'cargo test'],
    ['Python', { 'pyproject.toml': '' }, 'python3 -m pytest -q'],
    ['bare Python', { 'test_sum.py': '' }, 'python3 -m unittest'],
    ['nothing known', { 'package.json': '{' }, undefined],
  ])('guesses how tests are run with %s', async (_, files, command) => {
    repo.write(files);
    expect((await conclave('init')).code).toBe(0);
    expect(parse(written('panel.yaml'))).toEqual({
      panel: 'conclave/review',
      ...(command ? { tests: { command, dependencies: [] } } : {}),
    });
  });

  it('writes a trust root that the verifier reads, and says what to commit', async () => {
    const { stdout } = await conclave('init', '--test', 'make: "check" # all');
    expect(parseTrustPolicy(written('trust.json')).logs).toHaveLength(1);
    expect(parse(written('panel.yaml'))).toMatchObject({ tests: { command: 'make: "check" # all' } });
    expect(written('.gitignore')).toContain('dev.json');
    expect(stdout).toMatch(/: (git -C \S+) add \.conclave && \1 commit\n/);
  });

  it('leaves the trust root out when the platform cannot be reached, and says so', async () => {
    const { code, stdout } = await conclave('init', '--url', 'http://127.0.0.1:2', '--json');
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as { files: { file: string }[] }).files.map(({ file }) => file)).toEqual([
      '.conclave/panel.yaml',
      '.conclave/.gitignore',
    ]);
  });

  it('keeps what is there unless it is told otherwise', async () => {
    repo.write({ '.conclave/panel.yaml': 'panel: mine\n' });
    expect((await conclave('init')).stdout).toContain('kept     .conclave/panel.yaml');
    expect(written('panel.yaml')).toBe('panel: mine\n');
    await conclave('init', '--force');
    expect(written('panel.yaml')).toContain('conclave/review');
  });

  it('writes at the top, from a folder below, and only into a repository', async () => {
    repo.write({ 'a/b/x': '' });
    await runConclave(['init'], { cwd: join(repo.dir, 'a/b') });
    expect(written('panel.yaml')).toContain('panel:');
    expect((await runConclave(['init', '--repo', '/tmp'], { cwd: '/tmp' })).code).toBe(EXIT.repository);
  });
});

describe('npm exec', () => {
  const statusIn = (invoked: string, env: NodeJS.ProcessEnv) =>
    runConclave(['status'], { cwd: repo.dir, env: { INIT_CWD: join(repo.dir, invoked), ...env } });

  it('means the folder the person stands in, and only npm exec does', async () => {
    const dev = JSON.stringify({ gateway: platform.url, apiKey: platform.key });
    repo.write({ 'below/.conclave/dev.json': dev });
    expect((await statusIn('below', { npm_command: 'exec' })).code).toBe(0);
    expect((await statusIn('below', { npm_command: 'run-script' })).code).toBe(EXIT.usage);
    expect((await statusIn('../elsewhere', { npm_command: 'exec' })).code).toBe(EXIT.usage);
  });
});

describe('doctor', () => {
  it('finds everything in order', async () => {
    repo.commit({ x: 'x' });
    const { code, stdout } = await conclave('doctor');
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(
        /ok +git +git version[\s\S]*ok +platform[\s\S]*ok +key +Ada, administrator of Acme[\s\S]*main has no \.conclave\/panel\.yaml/,
      ),
    ]);
  });

  it('names the first fault in its exit code, and goes on', async () => {
    const { code, stdout } = await conclave('doctor', '--api-key', 'ck_guess', '--json');
    const { checks } = JSON.parse(stdout) as { checks: { check: string; ok: boolean; advice?: string }[] };
    expect(code).toBe(EXIT.refused);
    expect(checks.filter(({ ok }) => !ok).map(({ check }) => check)).toEqual(['key', 'log', 'repository']);
    expect(checks.find(({ check }) => check === 'key')!.advice).toContain('conclave login');
  });
});

describe('decisions and receipts', () => {
  it('are read by their ids', async () => {
    repo.commit({ x: 'x\n' });
    repo.commit({ x: 'y\n' });
    const { decision } = JSON.parse((await conclave('review', '--json')).stdout) as { decision: string };
    expect((await conclave('decisions', 'list')).stdout).toBe('No decisions. Begin: conclave review\n');
    const { code, stdout } = await conclave('receipt', decision);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`${decision}.receipt.json`)]);
    expect((await conclave('verify', `${decision}.receipt.json`)).code).toBe(7);
    expect((await conclave('receipt', decision, '--format', 'sigstore')).code).toBe(0);
    const [receipt, bundle] = ['receipt', 'sigstore'].map(
      (kind) => JSON.parse(readFileSync(join(repo.dir, `${decision}.${kind}.json`), 'utf8')) as Record<string, unknown>,
    );
    expect(bundle!['dsseEnvelope']).toEqual(receipt!['envelope']);
    expect((await conclave('receipt', decision, '--format', 'xml')).code).toBe(EXIT.usage);
  });
});
