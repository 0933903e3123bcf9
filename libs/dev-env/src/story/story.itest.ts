import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { payloadBytes, predicateOf, type DecisionEvent, type Predicate } from '@conclave/consensus-core';
import type { Decision } from '@conclave/contracts';
import pg from 'pg';
import { mustRun, run } from '../processes/run.js';
import { services } from '../services.js';
import { startConstellation, type Constellation } from '../testing/constellation.js';
import { commandLineCases } from './command-line-cases.js';
import { branches, intent } from './sample.js';
import { Api, ProgramVoter } from './program-voter.js';
import { flipOneByte, playStory, program } from './story.js';

interface Reviewed {
  readonly outcome: string;
  /** As the receipt has it. */
  readonly tally: object;
  readonly findings: readonly object[];
  readonly seats: readonly { readonly seat: string; readonly vote: string; readonly findingsSha256?: string }[];
}

/** The bytes that the service signed, and what they say. */
function signedIn(receipt: string): { payload: string; predicate: Predicate } {
  const { envelope } = JSON.parse(receipt) as { envelope: { payload: string } };
  const payload = Buffer.from(envelope.payload, 'base64').toString('utf8');
  return { payload, predicate: (JSON.parse(payload) as { predicate: Predicate }).predicate };
}

/** The same bytes, made anew from the decision's events as Postgres has them. */
async function rebuilt(postgresUrl: string, decisionId: string): Promise<string> {
  const client = new pg.Client(postgresUrl);
  await client.connect();
  try {
    const { rows } = await client.query<Omit<DecisionEvent, 'at'> & { at: Date }>(
      'select seq, type, at, data from consensus.decision_event where decision_id = $1 order by seq',
      [decisionId],
    );
    const predicate = predicateOf(rows.map((row) => ({ ...row, at: row.at.toISOString() }) as DecisionEvent));
    return Buffer.from(payloadBytes(predicate!)).toString('utf8');
  } finally {
    await client.end();
  }
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

  commandLineCases(() => platform);

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
      const gate = ['--repo', join(dir, 'sample'), '--commit', branches.approved];
      expect(await conclave('verify', receipt, ...gate)).toMatchObject({ code: 0 });
      const { outcome, findings, seats } = JSON.parse(stdout) as Reviewed;
      const { payload, predicate } = signedIn(readFileSync(receipt, 'utf8'));
      expect(await rebuilt(platform.postgres, predicate.decisionId)).toBe(payload);
      return {
        outcome,
        tally: predicate.tally,
        findings,
        seats: [...seats].sort((a, b) => a.seat.localeCompare(b.seat)),
      };
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

    it('has a receipt whose bytes its events give again after one crash more', async () => {
      await platform.kill9('consensus');
      await platform.whenReady('consensus');
      const { payload, predicate } = signedIn(readFileSync(join(dir, 'again.receipt.json'), 'utf8'));
      expect(await rebuilt(platform.postgres, predicate.decisionId)).toBe(payload);
    }, 60_000);

    it('ends the same when the bus and the cache lose everything in the middle', async () => {
      const wipe = async () => void (await Promise.all([platform.wipeNats(), platform.wipeRedis()]));
      expect(await review(wipe)).toEqual(undisturbed);
    }, 60_000);

    it('ends the same when Postgres is killed in the middle', async () => {
      expect(await review(() => platform.kill9('postgres'))).toEqual(undisturbed);
    }, 120_000);
  });

  it('lets nobody say through the edge that a panel judged', async () => {
    const post = async (path: string, body: object) => {
      const headers = { authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/json' };
      const response = await fetch(`${platform.gateway}${path}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    const { voterId } = await ProgramVoter.enrol(new Api(platform.gateway, platform.apiKey), 'mine');
    const terms = {
      question: 'May it be merged?',
      options: [{ id: 'change', title: 'The change' }],
      rule: { method: 'approval-gate', variant: 'unanimous' },
      electorate: [{ voterId, kind: 'check', name: 'tests-weakened', family: 'conclave' }],
    };
    const policy = { panel: 'conclave/review', panelSha256: '0'.repeat(64), source: '.conclave/panel.yaml' };
    expect(await post('/v1/decisions', { ...terms, policy })).toMatchObject({
      status: 403,
      body: { code: 'consensus.decision.claim', members: ['policy'] },
    });
    expect(await post('/v1/decisions', terms)).toMatchObject({ status: 201 });
  });

  it('lets people decide from the command line with keys of their own, in the open and sealed', async () => {
    const keys = [join(dir, 'ann.json'), join(dir, 'bob.json')] as const;
    const typed = (...words: string[]) => mustRun(process.execPath, [program, 'decide', ...words, '--json'], { env });
    const decide = async (...words: string[]) => JSON.parse(await typed(...words)) as Decision;
    const as = (who: 0 | 1, ...words: string[]) => decide(...words, '--key', keys[who]);
    // One after the other: a person has one open challenge at a time.
    const voters = [await typed('enrol', '--key', keys[0]), await typed('enrol', '--key', keys[1])];
    const electorate = voters.map((enrolled, n) => {
      const { voterId } = JSON.parse(enrolled) as { voterId: string };
      return { voterId, kind: 'human', name: `voter ${n}`, family: `f${n}`, roles: n === 0 ? ['chair'] : [] };
    });
    const open = (name: string, terms: object) => {
      writeFileSync(join(dir, name), JSON.stringify({ question: 'Which way?', electorate, ...terms }));
      return decide('open', join(dir, name));
    };
    const options = [{ id: 'stay', title: 'Stay' }];

    const { id } = await open('open.json', { options, rule: { method: 'schulze' }, rounds: { propose: true } });
    await as(0, 'propose', id, '--option', 'go', '--title', 'Go', '--text', 'It is time.');
    expect(await as(1, 'propose', id)).toMatchObject({ phase: 'ballots', options: [{ id: 'stay' }, { id: 'go' }] });
    await as(0, 'vote', id, '--ranking', 'go>stay');
    expect(await as(1, 'vote', id, '--ranking', 'go', '--reason', 'why not')).toMatchObject({
      phase: 'sealed',
      outcome: { winners: ['go'] },
    });

    const sealed = await open('sealed.json', { options, rule: { method: 'plurality' }, secrecy: 'sealed' });
    await as(1, 'abstain', sealed.id, '--reason', 'I was away');
    expect(await as(0, 'vote', sealed.id, '--choice', 'stay')).toMatchObject({ phase: 'reveal' });
    // The same words reveal, once the commitments are in a published checkpoint.
    let revealed: Decision | undefined;
    for (let tries = 0; !revealed && tries < 60; tries++) {
      await sleep(500);
      revealed = await as(0, 'vote', sealed.id, '--choice', 'stay').catch(() => undefined);
    }
    expect(revealed).toMatchObject({ phase: 'sealed', outcome: { winners: ['stay'] } });

    const vetoed = await open('veto.json', { options, rule: { method: 'plurality' }, veto: { roles: ['chair'] } });
    expect(await as(0, 'veto', vetoed.id, '--reason', 'not now')).toMatchObject({ phase: 'vetoed' });
    expect(await decide('show', vetoed.id)).toMatchObject({ vetoed: { reason: 'not now' } });
    const silent = await conclave('decide', 'vote', id, '--key', keys[0]);
    expect([silent.code, silent.stderr]).toEqual([10, expect.stringContaining('say one of --vote')]);
  }, 90_000);

  it('flips exactly one byte, and the receipt stays a receipt', () => {
    const receipt = readFileSync(join(dir, 'receipts/approved.receipt.json'), 'utf8');
    const tampered = flipOneByte(receipt);
    expect([...tampered].filter((letter, at) => letter !== receipt[at])).toHaveLength(1);
    expect(tampered).toHaveLength(receipt.length);
    expect(existsSync(join(dir, 'receipts/tampered.receipt.json'))).toBe(true);
  });
});
