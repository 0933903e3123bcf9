import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { consensus, events } from '@conclave/contracts';
import { refusalOf, refusedWith, testPrincipal } from '@conclave/dev-env/testing';
import { startConsensus, type ConsensusFixture, type Tenant, type Voter } from '../testing/consensus-fixture.js';

let fixture: ConsensusFixture;
let tenant: Tenant;
let voters: [Voter, Voter, Voter];
beforeAll(async () => {
  fixture = await startConsensus();
  tenant = fixture.tenant();
  voters = [await tenant.enrol(), await tenant.enrol(), await tenant.enrol()];
});
afterAll(() => fixture.stop());

type Vote = 'yes' | 'no' | 'abstain';
type Calibration = { method: 'beta' | 'dawid-skene'; taskClass: string };
const rule = { method: 'approval-gate' } as const;

async function decide(votes: readonly Vote[], calibration?: Calibration) {
  const { id } = await tenant.open(voters, { rule, ...(calibration && { calibration }) });
  for (const [at, vote] of votes.entries()) await tenant.cast(id, voters[at]!, { vote });
  return tenant.read(id);
}

const record = (id: string, taskClass: string, right: string[], as = tenant.me) =>
  fixture.call(consensus.recordHindsight, { id, taskClass, right }, as);
const listed = async (taskClass: string) =>
  (await fixture.call(consensus.listCalibration, { taskClass }, tenant.me)).items;
const frozenFor = async (id: string) => {
  const told = await fixture.emitted(events.calibrationFrozen.type, tenant.me.tenantId);
  return told.map(({ data }) => data).find((data) => (data as { decision: string }).decision === id);
};

describe('weights by outcomes', () => {
  it('are earned by ballots that turned out right, and decide what is opened after', async () => {
    const calibration = { method: 'beta', taskClass: 'migration' } as const;
    for (let round = 0; round < 3; round++) {
      const { id } = await decide(['yes', 'yes', 'no']);
      expect((await record(id, 'migration', ['rejected'])).voters.map(({ wasRight }) => wasRight)).toEqual([
        false,
        false,
        true,
      ]);
    }
    const items = await listed('migration');
    const told = new Map(items.map((item) => [item.voterId, item]));
    expect(told.get(voters[2].voterId)).toMatchObject({ outcomes: 3, right: 3, weightMilli: 904 });
    expect(voters.map(({ voterId }) => told.get(voterId)?.weightMilli)).toEqual([201, 201, 904]);
    const page = (after?: string) =>
      fixture.call(consensus.listCalibration, { taskClass: 'migration', limit: 2, ...(after && { after }) }, tenant.me);
    const first = await page();
    expect(first).toEqual({ items: items.slice(0, 2), next: items[1]!.voterId });
    expect(await page(first.next)).toEqual({ items: items.slice(2) });
    expect(await refusalOf(page('elsewhere'))).toBe('request.invalid');

    const decision = await decide(['yes', 'yes', 'no'], calibration);
    expect(decision).toMatchObject({ calibration, outcome: { status: 'rejected' } });
    expect(decision.ballots.map(({ weight }) => weight)).toEqual([201, 201, 904]);
    expect(await frozenFor(decision.id)).toMatchObject({
      ...calibration,
      weights: voters.map(({ voterId }, at) => ({ voter: voterId, weightMilli: [201, 201, 904][at] })),
    });
    expect(await decide(['yes', 'yes', 'no'])).toMatchObject({ outcome: { status: 'approved' } });
    expect((await decide(['yes', 'yes', 'no'], { ...calibration, taskClass: 'other' })).outcome?.status).toBe(
      'approved',
    );
  });

  it('stay as they were when the decision opened', async () => {
    const calibration = { method: 'beta', taskClass: 'frozen' } as const;
    const { id } = await tenant.open(voters, { rule, calibration });
    const other = await decide(['no', 'yes', 'yes']);
    await record(other.id, 'frozen', ['approved']);
    expect((await tenant.read(id)).ballots.map(({ weight }) => weight)).toEqual([201, 201, 201]);
    expect((await decide(['no', 'yes', 'yes'], calibration)).ballots.map(({ weight }) => weight)).toEqual([
      201, 405, 405,
    ]);
  });

  it('take hindsight once, of an ended decision, in its own words, from who may give it', async () => {
    const { id } = await decide(['yes', 'yes', 'no']);
    const once = await record(id, 'review', ['approved']);
    expect(await record(id, 'review', ['approved'])).toEqual(once);
    const told = await fixture.emitted(events.calibrationRecorded.type, tenant.me.tenantId);
    expect(told.filter(({ data }) => (data as { decision: string }).decision === id)).toHaveLength(1);
    const code = async (asked: Promise<unknown>) => (await refusedWith(asked)).code;
    expect(await code(record(id, 'review', ['rejected']))).toBe('consensus.calibration.conflict');
    expect(await refusedWith(record(id, 'review', ['maybe']))).toMatchObject({
      code: 'consensus.decision.malformed',
      params: { reason: 'option-unknown', path: '/right/0' },
    });
    const open = await tenant.open(voters);
    expect(await code(record(open.id, 'review', ['approved']))).toBe('consensus.decision.phase');
    expect(await code(record(id, 'review', ['approved'], testPrincipal()))).toBe('consensus.decision.not-found');
  });
});

describe('weights by agreement', () => {
  it('are estimated over the ended decisions of the class', async () => {
    const calibration = { method: 'dawid-skene', taskClass: 'triage' } as const;
    const first = await decide(['yes', 'yes', 'yes'], calibration);
    expect(first.ballots.map(({ weight }) => weight)).toEqual([201, 201, 201]);
    for (const votes of ['yyn', 'nny', 'yyy', 'nny'])
      await decide(
        [...votes].map((vote) => (vote === 'y' ? 'yes' : 'no')),
        calibration,
      );
    const later = await decide(['yes', 'yes', 'no'], calibration);
    const [ann, bob, cid] = later.ballots.map(({ weight }) => weight);
    expect(ann).toBe(bob);
    expect(ann).toBeGreaterThan(cid!);
    expect(await frozenFor(later.id)).toMatchObject({ method: 'dawid-skene', taskClass: 'triage' });
  });

  it('are estimated over those that ended last, whenever they were opened', async () => {
    const terms = { rule, calibration: { method: 'dawid-skene', taskClass: 'long' } } as const;
    const [ann, bob] = voters;
    const slow = await tenant.open([ann, bob], terms);
    const quick = async () => tenant.cast((await tenant.open([ann], terms)).id, ann, { vote: 'yes' });
    await Promise.all(Array.from({ length: 50 }, quick));
    const weightOf = async () => (await tenant.open([bob], terms)).ballots[0]!.weight;
    expect(await weightOf()).toBe(201);
    for (const voter of [ann, bob]) await tenant.cast(slow.id, voter, { vote: 'yes' });
    expect(await weightOf()).not.toBe(201);
  });
});
