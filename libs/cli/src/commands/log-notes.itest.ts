import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EXIT } from '../exit-codes.js';
import { GitRepository } from '../test/git-repository.js';
import { runConclave, type Ended } from '../test/run-conclave.js';
import { TestPlatform } from '../test/test-platform.js';

const NOTES = 'refs/notes/conclave';
const forge = mkdtempSync(join(tmpdir(), 'conclave-forge-'));
const [ada, bob] = [new GitRepository(), new GitRepository()];
let platform: TestPlatform;

/** Both review a change of their own of one branch; each pushes what it saw. */
beforeAll(async () => {
  platform = await TestPlatform.start();
  execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', forge]);
  ada.commit({ a: 'a\n' });
  for (const { git } of [ada, bob].map((repo) => ({ git: repo.git.bind(repo) }))) git('remote', 'add', 'origin', forge);
  ada.git('push', '--quiet', 'origin', 'main');
  bob.git('pull', '--quiet', 'origin', 'main');
  for (const repo of [ada, bob]) {
    repo.git('fetch', '--quiet', 'origin', 'main');
    repo.git('checkout', '--quiet', '-b', 'topic');
    repo.write({ '.git/trust.json': platform.court.trust });
  }
});
afterAll(async () => {
  await platform.stop();
  for (const repo of [ada, bob]) repo.remove();
  rmSync(forge, { recursive: true, force: true });
});

const conclave = (repo: GitRepository, ...words: string[]): Promise<Ended> =>
  runConclave(words, { cwd: repo.dir, env: { CONCLAVE_URL: platform.url, CONCLAVE_API_KEY: platform.key } });
const receiptOf = (repo: GitRepository): string =>
  join(
    repo.dir,
    '.git/conclave',
    readdirSync(join(repo.dir, '.git/conclave')).find((name) => name.endsWith('.receipt.json'))!,
  );
const verify = (repo: GitRepository, ...words: string[]): Promise<Ended> =>
  conclave(repo, 'verify', receiptOf(repo), '--trust', '.git/trust.json', ...words);

describe('the log’s heads in git notes', () => {
  it('are pushed by every review, and those of all reviews are together at the forge', async () => {
    const head = ada.commit({ a: 'b\n' });
    const { code, stdout } = await conclave(ada, 'review');
    expect([code, stdout]).toEqual([
      EXIT.approved,
      expect.stringContaining(`Log head ${NOTES} on ${head.slice(0, 12)}, pushed to origin`),
    ]);
    bob.commit({ a: 'c\n' });
    expect((await conclave(bob, 'review')).stdout).toContain('pushed to origin');
    const noted = bob.git('notes', `--ref=${NOTES}`, 'show', 'HEAD');
    expect(noted).toMatch(new RegExp(`^conclave-head/v1 ${platform.court.origin} 6 [A-Za-z0-9+/=]+$`));
    const list = (dir: string) =>
      execFileSync('git', ['-C', dir, 'notes', `--ref=${NOTES}`, 'list'], { encoding: 'utf8' });
    expect(list(forge).trim().split('\n')).toHaveLength(2);
    expect(list(bob.dir)).toBe(list(forge));
  });

  it('are held against the receipt: offline what they say alone, with the platform that it only grew', async () => {
    const offline = await verify(bob);
    expect([offline.code, offline.stdout]).toEqual([0, expect.stringMatching(/unchecked heads +2 heads.*from 3 to 6/)]);
    const asked = await verify(bob, '--log');
    expect([asked.code, asked.stdout]).toEqual([
      0,
      expect.stringMatching(/ok +heads +2 heads of \S+, sizes 3 to 6: it only grew/),
    ]);
    writeFileSync(join(bob.dir, '.git/proofs.json'), JSON.stringify([platform.court.consistency(3, 6)]));
    expect((await verify(bob, '--proofs', '.git/proofs.json')).stdout).toMatch(/ok +heads/);
    writeFileSync(join(bob.dir, '.git/proofs.json'), '[]');
    expect(await verify(bob, '--proofs', '.git/proofs.json')).toMatchObject({ code: 3 });
  });

  it('find out that the newest entries were deleted, and the fork when others are put in their place', async () => {
    platform.court.cut(1);
    const shrunk = await verify(bob, '--log');
    expect([shrunk.code, shrunk.stdout]).toEqual([
      3,
      expect.stringMatching(/failed +heads .*signed 6 entries.*has 5: the log has shrunk/),
    ]);
    platform.court.cut(2);
    ada.commit({ a: 'd\n' });
    await conclave(ada, 'review', '--notes', 'keep');
    ada.git('fetch', '--quiet', 'origin', `${NOTES}:refs/notes/theirs`);
    ada.git('notes', `--ref=${NOTES}`, 'merge', '--strategy=cat_sort_uniq', 'refs/notes/theirs');
    const forked = await verify(ada);
    expect([forked.code, forked.stdout]).toEqual([
      3,
      expect.stringMatching(/failed +heads .*two roots at size 6.*forked/),
    ]);
  });

  it('are stored with the stamps of a timestamp authority as files for OpenSSL', async () => {
    const { code, stdout } = await conclave(ada, 'audit', 'timestamps', '--out', '.git/stamps');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/2026-01-01T00:00:00Z +https:\/\/tsa\.example/)]);
    const name = join(ada.dir, '.git/stamps', `2026-01-01T000000.000Z-${platform.court.size}`);
    expect(readFileSync(`${name}.checkpoint`, 'utf8')).toBe(platform.court.checkpoint());
    expect(readFileSync(`${name}.tsr`).toString('hex')).toBe('3003020100');
  });

  it('never keep a review from its verdict', async () => {
    ada.git('remote', 'set-url', 'origin', '/nowhere');
    const { code, stdout } = await conclave(ada, 'review');
    expect([code, stdout]).toEqual([EXIT.approved, expect.stringMatching(/Log head .*not pushed: .*nowhere/)]);
    const before = ada.git('rev-parse', NOTES);
    expect((await conclave(ada, 'review', '--notes', 'off')).stdout).not.toContain('Log head');
    expect(ada.git('rev-parse', NOTES)).toBe(before);
    expect((await conclave(ada, 'review', '--notes', 'maybe')).code).toBe(EXIT.usage);
  });
});
