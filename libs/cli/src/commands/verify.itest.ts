import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { verifyReceipt } from '@conclave/verify';
import { EXIT } from '../exit-codes.js';
import { GitRepository } from '../test/git-repository.js';
import { runConclave, type Ended } from '../test/run-conclave.js';
import { TestPlatform } from '../test/test-platform.js';
import { evaluatorsOf } from '../verify/electorate.js';
import { rerun } from '../verify/rerun.js';

const repo = new GitRepository();
let receipt: string;
let trust: string;
let head: string;

/** The platform judges once and is gone: everything below happens offline. */
beforeAll(async () => {
  const platform = await TestPlatform.start();
  repo.commit({
    'src/total.js': 'export const total = (a, b) => a + b;\n',
    '.gitignore': '*.receipt.json\n*.intent.txt\n*.json\n',
  });
  repo.git('checkout', '--quiet', '-b', 'topic');
  head = repo.commit(
    {
      'src/total.js': 'export const total = (a, b) => a + b; // \u202e\n',
      'billing/rate.js': 'export const rate = 2;\n',
    },
    'feat(total): reorder',
  );
  const env = { CONCLAVE_URL: platform.url, CONCLAVE_API_KEY: platform.key };
  await runConclave(['review', '--intent', 'change the total in src'], { cwd: repo.dir, env });
  const dir = join(repo.dir, '.git/conclave');
  receipt = join(
    dir,
    readdirSync(dir).find((name) => name.endsWith('.receipt.json'))!,
  );
  trust = platform.court.trust;
  repo.write({ 'trust.json': trust });
  await platform.stop();
});
afterAll(() => repo.remove());

const verify = (...words: string[]): Promise<Ended> => runConclave(['verify', ...words], { cwd: repo.dir });
const trusted = (...words: string[]): Promise<Ended> => verify(receipt, '--trust', 'trust.json', ...words);

function changed(
  change: (receipt: { envelope: { payload: string; signatures: [{ sig: string }] }; log: { proof: string } }) => void,
): string {
  const file = JSON.parse(readFileSync(receipt, 'utf8')) as Parameters<typeof change>[0];
  change(file);
  const path = join(repo.dir, 'changed.receipt.json');
  writeFileSync(path, JSON.stringify(file));
  return path;
}

function policy(value: unknown): string {
  writeFileSync(join(repo.dir, 'policy.json'), typeof value === 'string' ? value : JSON.stringify(value));
  return 'policy.json';
}

describe('a receipt', () => {
  it('is valid and trusted under the keys of a trust root, and says who dissented', async () => {
    const { code, stdout } = await trusted();
    expect([code, stdout]).toEqual([0, expect.stringMatching(/ok +signature[\s\S]*ok +tally[\s\S]*\ntrusted {2}/)]);
    expect(stdout).toMatch(/rejected \(.*\), 2026-11-20T10:00:00Z\nChange {2}/);
    expect(stdout).toMatch(/bidi +no/);
    expect(stdout).toContain('0 of 9 outside the platform');
  });

  it('is consistent, untrusted without one', async () => {
    const { code, stdout } = await verify(receipt);
    expect([code, stdout]).toEqual([7, expect.stringMatching(/unchecked trust root[\s\S]*consistent-untrusted/)]);
  });

  it('of which a byte was changed fails in the step that finds it', async () => {
    const flip = (text: string): string => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);
    const sig = await verify(
      changed((file) => void (file.envelope.signatures[0].sig = flip(file.envelope.signatures[0].sig))),
      '--trust',
      'trust.json',
    );
    expect([sig.code, sig.stdout]).toEqual([2, expect.stringMatching(/failed +signature/)]);
    const proof = await verify(
      changed((file) => void (file.log.proof = file.log.proof.replace('index 1', 'index 0'))),
      '--trust',
      'trust.json',
    );
    expect([proof.code, proof.stdout]).toEqual([3, expect.stringMatching(/failed +inclusion/)]);
    expect((await verify(changed((file) => void (file.envelope.payload = flip(file.envelope.payload))))).code).toBe(6);
  });

  it('that is none is malformed, and a missing one is a usage error', async () => {
    expect((await verify(join(repo.dir, 'src/total.js'))).code).toBe(6);
    expect((await verify('nothing.json')).code).toBe(EXIT.usage);
    expect((await verify(receipt, '--trust', 'src/total.js')).stderr).toMatch(/is no trust root/);
  });

  it('signed by a key the trust root does not name is untrusted', async () => {
    repo.write({ 'other.json': trust.replace('consensus-test', 'consensus-other') });
    expect((await verify(receipt, '--trust', 'other.json')).code).toBe(5);
  });

  it('is one JSON document with --json', async () => {
    const { code, stdout } = await trusted('--json');
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      expect.objectContaining({
        status: 'trusted',
        ok: true,
        exitCode: 0,
        steps: expect.any(Array),
        receipt: expect.objectContaining({ outcome: expect.objectContaining({ status: 'rejected' }) }),
      }),
    ]);
  });
});

describe('run again', () => {
  it('the deterministic jurors come to what they signed', async () => {
    const { code, stdout } = await trusted('--rerun');
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/ok +rerun change[\s\S]*ok +rerun bidi +no, the same findings/),
    ]);
    expect(stdout).toMatch(/ok +rerun scope/);
  });

  it('they differ when they are told another intent than they judged by', async () => {
    const { code, stdout } = await trusted('--rerun', '--intent', 'another billing rate');
    expect([code, stdout]).toEqual([8, expect.stringMatching(/failed +rerun scope[\s\S]*rerun-differs/)]);
  });

  it('a repository without the commits says so', async () => {
    const other = new GitRepository();
    other.commit({ x: 'x' });
    const { code, stderr } = await trusted('--rerun', '--repo', other.dir);
    expect([code, stderr]).toEqual([EXIT.repository, expect.stringContaining('no commit is named')]);
    other.remove();
  });

  it('a deterministic juror that this program does not have is told apart from one that was not deterministic', async () => {
    const bytes = readFileSync(receipt);
    const { receipt: summary } = await verifyReceipt(bytes, undefined);
    const evaluators = new Map(
      [...evaluatorsOf(bytes)].map(([voter, one], at) => [
        voter,
        at === 0 ? { ...one, version: '999' } : at === 1 ? { ...one, deterministic: false } : one,
      ]),
    );
    const [, first, second] = await rerun({ repository: repo.dir, receipt: summary!, evaluators });
    expect(first).toMatchObject({ outcome: 'missing', detail: expect.stringContaining('version 999 judged') });
    expect(second).toMatchObject({ outcome: 'skipped' });
  });

  it('a tampered receipt is not run again', async () => {
    const { stdout } = await verify(
      changed((file) => void (file.envelope.signatures[0].sig = `A${file.envelope.signatures[0].sig.slice(1)}`)),
      '--trust',
      'trust.json',
      '--rerun',
    );
    expect(stdout).not.toContain('rerun');
  });
});

describe('demands', () => {
  it.each<[string, object]>([
    ['outcome is rejected, but must be approved', { outcome: 'approved' }],
    ['panel is conclave/review, but must be mine', { panel: 'mine' }],
    ['panelSha256 is ', { panelSha256: '00' }],
    ['origin is conclave.test/log/acme, but must be elsewhere', { origin: 'elsewhere' }],
    ['repository is ', { repository: 'https://git.example.com/x' }],
    ['minCounted is 50, but there are ', { minCounted: 50 }],
    ['minExternalCustody needs voters in the trust root', { minExternalCustody: 1 }],
    ['but at most 0 are allowed', { maxAgeHours: 0 }],
  ])('of a policy that are not met refuse the receipt: %s', async (words, demand) => {
    const { code, stdout } = await trusted('--policy', policy({ version: 1, ...demand }));
    expect([code, stdout]).toEqual([9, expect.stringMatching(/failed +policy file[\s\S]*policy-refused/)]);
    expect(stdout).toContain(words);
  });

  it('of more witnesses than cosigned leave it untrusted', async () => {
    const { code, stdout } = await trusted('--policy', policy({ version: 1, minWitnesses: 1 }));
    expect([code, stdout]).toEqual([5, expect.stringMatching(/failed +witnesses +0 of 0 witnesses, 1 needed/)]);
  });

  it('that are met leave it trusted', async () => {
    const met = { version: 1, outcome: 'rejected', panel: 'conclave/review', minCounted: 1, maxAgeHours: 1_000_000 };
    expect((await trusted('--policy', policy(met))).code).toBe(0);
  });

  it.each([
    ['{', 'not JSON'],
    ['[]', 'an object'],
    ['{"version":2}', 'version'],
    ['{"version":1,"outcom":"approved"}', 'outcom is not known'],
    ['{"version":1,"minCounted":"9"}', 'not a number'],
    ['{"version":1,"outcome":1}', 'not a text'],
  ])('that cannot be understood are a usage error: %s', async (text, reason) => {
    const { code, stderr } = await trusted('--policy', policy(text));
    expect([code, stderr]).toEqual([EXIT.usage, expect.stringContaining(reason)]);
  });

  it('can bind the receipt to the commit at hand, by its tree', async () => {
    expect((await trusted('--commit', 'HEAD')).code).toBe(0);
    repo.git('checkout', '--quiet', '-b', 'squashed', 'main');
    repo.git('merge', '--quiet', '--squash', head);
    repo.git('commit', '--quiet', '-m', 'squash');
    expect((await trusted('--commit', 'squashed')).code).toBe(0);
    const { code, stdout } = await trusted('--commit', 'main');
    expect([code, stdout]).toEqual([9, expect.stringMatching(/failed +commit +main holds tree .* was not judged/)]);
    repo.git('checkout', '--quiet', 'topic');
  });

  it('count keys outside the platform only where the trust root pins them', async () => {
    repo.write({ 'pinned.json': JSON.stringify({ ...(JSON.parse(trust) as object), voters: [] }) });
    const words = ['--trust', 'pinned.json', '--policy', policy({ version: 1, minExternalCustody: 1 })];
    const { code, stdout } = await verify(receipt, ...words);
    expect([code, stdout]).toEqual([9, expect.stringContaining('minExternalCustody is 1, but there are 0')]);
  });
});

describe('a jury of the author’s choosing', () => {
  const own = new GitRepository();
  let platform: TestPlatform;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    platform = await TestPlatform.start();
    platform.pending = 0;
    env = { CONCLAVE_URL: platform.url, CONCLAVE_API_KEY: platform.key };
    own.commit({ 'a.js': 'export const a = 1;\n', '.gitignore': '*.json\n' });
    own.commit({ '.conclave/panel.yaml': 'panel: acme/strict\n' }, 'jury');
    own.write({ 'keys.json': platform.court.trust });
    own.git('checkout', '--quiet', '-b', 'evil');
    own.commit({ 'a.js': 'export const a = 666;\n', '.conclave/panel.yaml': 'panel: acme/blind\n' }, 'hidden');
    own.commit({ 'README.md': 'read me\n' }, 'shown');
  });
  afterAll(async () => {
    await platform.stop();
    own.remove();
  });

  const reviewed = async (...words: string[]): Promise<string> => {
    const file = join(own.dir, 'reviewed.receipt.json');
    await runConclave(['review', ...words, '--receipt', file], { cwd: own.dir, env });
    return file;
  };
  const verified = (file: string, ...words: string[]) =>
    runConclave(['verify', file, '--trust', 'keys.json', ...words], { cwd: own.dir });

  it('is none: base and jury must be on the branch that the reader knows', async () => {
    const file = await reviewed('--base', 'evil~1', '--head', 'evil');
    expect((await verified(file)).code).toBe(0);
    for (const words of [
      ['--commit', 'evil'],
      ['--repo', '.'],
    ]) {
      const { code, stdout } = await verified(file, ...words);
      expect([code, stdout]).toEqual([
        9,
        expect.stringMatching(/failed +branch +the base [0-9a-f]{12} is not on main/),
      ]);
      expect(stdout).toMatch(/failed +branch +the commit whose jury judged, [0-9a-f]{12} is not on main/);
    }
  });

  it('is none either when the branch had it once', async () => {
    const file = await reviewed('--base', 'main~1', '--head', 'evil');
    const { code, stdout } = await verified(file, '--commit', 'evil');
    expect([code, stdout]).toEqual([9, expect.stringContaining('the jury of main is another one by now')]);
    expect(stdout).toMatch(/evil leaves main at [0-9a-f]{12}, but was judged from [0-9a-f]{12}/);
  });

  it('is the branch’s own for a change that is judged from where it leaves the branch, and once it is merged', async () => {
    const file = await reviewed('--base', 'main', '--head', 'evil');
    expect((await verified(file, '--commit', 'evil')).code).toBe(0);
    own.git('branch', 'release', 'main~1');
    expect((await verified(file, '--commit', 'evil', '--target', 'release')).code).toBe(9);
    own.git('checkout', '--quiet', '-B', 'merged', 'main');
    own.git('merge', '--quiet', '--no-ff', '-m', 'merge', 'evil');
    expect((await verified(file, '--commit', 'merged', '--target', 'merged')).code).toBe(0);
  });

  it('cannot be told where the branch is not at hand', async () => {
    const file = await reviewed('--base', 'main', '--head', 'evil');
    const bare = new GitRepository();
    bare.git('fetch', '--quiet', own.dir, 'evil:refs/remotes/pull/7/merge');
    bare.git('checkout', '--quiet', '--detach', 'refs/remotes/pull/7/merge');
    const { code, stdout } = await verified(file, '--repo', bare.dir, '--commit', 'HEAD');
    expect([code, stdout]).toEqual([9, expect.stringMatching(/failed +branch .*git fetch origin main/)]);
    bare.remove();
  });
});

describe('the trust root', () => {
  it('of a change under test is not believed where the branch it is for has one', async () => {
    const own = new GitRepository();
    own.commit({ '.conclave/trust.json': trust }, 'jury');
    own.git('checkout', '--quiet', '-b', 'topic');
    own.commit({ '.conclave/trust.json': await forged() }, 'believe me');
    const { code, stdout } = await runConclave(['verify', receipt], { cwd: own.dir });
    expect([code, stdout]).toEqual([0, expect.stringContaining('.conclave/trust.json of main')]);
    own.remove();
  });

  it('of a change under test is not believed where a pipeline has checked out nothing else', async () => {
    const [origin, checkout] = [new GitRepository(), new GitRepository()];
    origin.commit({ '.conclave/trust.json': await forged() }, 'believe me');
    checkout.git('fetch', '--quiet', origin.dir, 'main:refs/remotes/pull/7/merge');
    checkout.git('checkout', '--quiet', '--detach', 'refs/remotes/pull/7/merge');
    const { code, stdout } = await runConclave(['verify', receipt], { cwd: checkout.dir });
    expect([code, stdout]).toEqual([
      7,
      expect.stringMatching(/unchecked trust root +.*git fetch origin main:.*--target.*--trust/),
    ]);
    for (const { dir } of [origin, checkout]) rmSync(dir, { recursive: true });
  });

  it('of a work tree is not believed before it is committed', async () => {
    const own = new GitRepository();
    own.commit({ x: 'x' });
    own.write({ '.conclave/trust.json': trust });
    const { code, stdout } = await runConclave(['verify', receipt], { cwd: own.dir });
    expect([code, stdout]).toEqual([7, expect.stringContaining('main has no .conclave/trust.json')]);
    own.remove();
  });

  it('of a folder that is no repository speaks for itself', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'conclave-folder-'));
    mkdirSync(join(folder, '.conclave'));
    writeFileSync(join(folder, '.conclave/trust.json'), trust);
    expect((await runConclave(['verify', receipt], { cwd: folder })).code).toBe(0);
    rmSync(folder, { recursive: true });
  });

  const forged = async (): Promise<string> => {
    const forger = await TestPlatform.start();
    await forger.stop();
    return forger.court.trust;
  };
});
