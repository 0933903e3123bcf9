import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { run } from '../processes/run.js';
import { services } from '../services.js';
import { startConstellation, type Constellation } from '../testing/constellation.js';
import { branches, intent } from './sample.js';
import { flipOneByte, playStory, program } from './story.js';

interface Reviewed {
  readonly outcome: string;
  readonly findings: readonly object[];
  readonly seats: readonly { readonly seat: string; readonly vote: string; readonly findingsSha256?: string }[];
}

describe('the sample story', () => {
  let platform: Constellation;
  let dir: string;
  let env: NodeJS.ProcessEnv;
  const conclave = (...words: string[]) => run(process.execPath, [program, ...words], { env });

  beforeAll(async () => {
    platform = await startConstellation();
    dir = dirname(platform.devFile);
    env = { ...process.env, CONCLAVE_STATE_DIR: dir };
  }, 180_000);
  afterAll(() => platform?.stop(), 60_000);

  it('rejects at file and line what green tests hide, approves the repair, and finds the flipped byte', async () => {
    const log = join(dir, 'story.log');
    const output = openSync(log, 'w');
    await playStory({ dataDir: dir, env, say: () => undefined, output });
    closeSync(output);
    const told = readFileSync(log, 'utf8');
    const [, rejected = '', approved = '', tampered = ''] = told.split(/^(?=REJECTED|APPROVED)|(?=^failed )/m);
    expect(rejected).toMatch(/package\.json\n +9 +error .*supply-chain\/lockfile-behind/);
    expect(rejected).toMatch(/src\/discounts\.js\n +1 +error .*secrets\/aws-access-key/);
    expect(rejected).toMatch(/test\/totals\.test\.js\n +6 +error .*lost-assertion\n +9 +error .*skipped-test/);
    expect(rejected).toMatch(/tests +green/);
    expect(approved).toMatch(/^APPROVED .*\n.* no findings/);
    expect(approved).toMatch(/\ntrusted /);
    expect(tampered).toMatch(/^failed +signature/);
    expect(tampered).toMatch(/\nbad-signature /);
  }, 120_000);

  describe('told again', () => {
    let undisturbed: Reviewed;
    const review = async (disturb: () => Promise<void>): Promise<Reviewed> => {
      const words = ['--repo', join(dir, 'sample'), '--base', branches.target, '--head', branches.approved];
      const receipt = join(dir, 'again.receipt.json');
      const before = await newestRun();
      const reviewed = conclave('review', ...words, '--intent', intent, '--receipt', receipt, '--json');
      while ((await newestRun()) === before) await sleep(20);
      await disturb();
      const { code, stdout, stderr } = await reviewed;
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
      expect(await conclave('verify', receipt, '--repo', join(dir, 'sample'))).toMatchObject({ code: 0 });
      const { outcome, findings, seats } = JSON.parse(stdout) as Reviewed;
      return { outcome, findings, seats: [...seats].sort((a, b) => a.seat.localeCompare(b.seat)) };
    };
    const newestRun = async (): Promise<string | undefined> => {
      const headers = { authorization: `Bearer ${platform.apiKey}` };
      const response = await fetch(`${platform.gateway}/v1/runs?limit=1`, { headers });
      const { items } = (await response.json()) as { items: { id: string; state: string }[] };
      return items.find(({ state }) => state !== 'submitted')?.id;
    };

    beforeAll(async () => {
      undisturbed = await review(async () => undefined);
    }, 60_000);

    it.each(services.map(({ name }) => name))(
      'ends the same when %s is killed in the middle',
      async (name) => {
        expect(await review(() => platform.kill9(name))).toEqual(undisturbed);
        await platform.whenReady(name);
      },
      60_000,
    );

    it('ends the same when the bus and the cache lose everything in the middle', async () => {
      const wipe = async () => void (await Promise.all([platform.wipeNats(), platform.wipeRedis()]));
      expect(await review(wipe)).toEqual(undisturbed);
    }, 60_000);

    it('ends the same when Postgres is killed in the middle', async () => {
      expect(await review(() => platform.kill9('postgres'))).toEqual(undisturbed);
    }, 120_000);
  });

  it('flips exactly one byte, and the receipt stays a receipt', () => {
    const receipt = readFileSync(join(dir, 'receipts/approved.receipt.json'), 'utf8');
    const tampered = flipOneByte(receipt);
    expect([...tampered].filter((letter, at) => letter !== receipt[at])).toHaveLength(1);
    expect(tampered).toHaveLength(receipt.length);
    expect(existsSync(join(dir, 'receipts/tampered.receipt.json'))).toBe(true);
  });
});
