import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fromBase64, fromUtf8 } from '@conclave/audit-core';
import {
  checkBallots,
  optionsFor,
  parseStatement,
  payloadBytes,
  predicateOf,
  recountAgrees,
  type DecisionEvent,
  type Predicate,
} from '@conclave/consensus-core';
import { consensus, events, newId } from '@conclave/contracts';
import { eventually, refusalOf, refusedWith } from '@conclave/dev-env/testing';
import {
  impostor,
  startConsensus,
  unknownDecision,
  type ConsensusFixture,
  type Tenant,
  type Terms,
  type Voter,
} from '../testing/consensus-fixture.js';

let fixture: ConsensusFixture;
let tenant: Tenant;
let voters: Voter[];
beforeAll(async () => {
  fixture = await startConsensus({ REVEAL_WINDOW_SECONDS: '1' });
  tenant = fixture.tenant();
  voters = await Promise.all(Array.from({ length: 5 }, () => tenant.enrol()));
});
afterAll(() => fixture.stop());

const keep = { id: 'keep', title: 'Keep it as it is' };
const elective: Partial<Terms> = { options: [keep], rule: { method: 'schulze' } };
const rounds = { propose: true, critique: 1 as const };
const overdue = (id: string) =>
  fixture.database.query('update consensus.decision set deadline_at = clock_timestamp() where id = $1', [id]);

/** The predicate of an ended decision's receipt, as it is downloaded and as its events give it, and what is disclosed beside it. */
async function receiptOf(id: string): Promise<{ predicate: Predicate; disclosures: object[] }> {
  await fixture.log.write(tenant.me.tenantId);
  const file = await eventually(() => fixture.call(consensus.getReceipt, { id }, tenant.me));
  if (!('envelope' in file)) throw new Error('a Sigstore bundle was not asked for');
  const payload = fromUtf8(fromBase64(String(file.envelope['payload'])));
  const statement = parseStatement(JSON.parse(payload));
  if (!statement.ok) throw new Error(statement.path);
  const stored = await fixture.database.query<Omit<DecisionEvent, 'at'> & { at: Date }>(
    'select seq, type, at, data from consensus.decision_event where decision_id = $1 order by seq',
    [id],
  );
  const told = stored.map((event) => ({ ...event, at: event.at.toISOString() }) as DecisionEvent);
  expect(fromUtf8(payloadBytes(predicateOf(told)!))).toBe(payload);
  return { predicate: statement.value.predicate, disclosures: file.disclosures };
}

describe('a decision that is discussed', () => {
  it('collects proposals, a critique and revisions, and then votes on what they left', async () => {
    const [ann, bob, cid] = voters as [Voter, Voter, Voter];
    const { id, phase } = await tenant.open([ann, bob, cid], { ...elective, rounds });
    expect(phase).toBe('propose');
    await tenant.say(id, ann, 'propose', { option: { id: 'split', title: 'Split it' }, text: 'Smaller is better.' });
    await tenant.say(id, ann, 'propose', { option: { id: 'split', title: 'Split it' }, text: 'Smaller is better.' });
    await tenant.say(id, bob, 'propose');
    const proposed = await tenant.say(id, cid, 'propose', { option: { id: 'drop', title: 'Drop it' } });
    expect(proposed).toMatchObject({ phase: 'critique', options: [{ id: 'keep' }, { id: 'split' }, { id: 'drop' }] });
    expect(JSON.stringify(proposed.discussion)).not.toContain(ann.voterId);
    for (const voter of [ann, bob, cid]) await tenant.say(id, voter, 'critique', { text: `from ${voter.voterId}` });
    await tenant.say(id, cid, 'revise');
    const frozen = await tenant.say(id, ann, 'revise', { option: { id: 'split', title: 'Split it in two' } });
    expect(frozen).toMatchObject({ phase: 'ballots', agendaSha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const { options } = frozen;
    expect(options.map(({ title }) => title)).toEqual(['Keep it as it is', 'Split it in two', 'Drop it']);
    const shown = await fixture.call(consensus.getDecision, { id, voter: bob.voterId }, tenant.me);
    expect(shown.options).toEqual(optionsFor(id, bob.voterId, options));

    const first = await tenant.cast(id, ann, { ranking: [['split'], ['drop']] });
    expect(first.ballots[0]).toMatchObject({ status: 'spoken' });
    expect(JSON.stringify(first.ballots)).not.toContain('ranking');
    await tenant.cast(id, bob, { ranking: [['split']] });
    const sealed = await tenant.cast(id, cid, { ranking: [['drop'], ['split']] });
    expect(sealed).toMatchObject({ phase: 'sealed', outcome: { winners: ['split'] } });
    expect(sealed.discussion?.[0]).toMatchObject({ voterId: ann.voterId, text: 'Smaller is better.' });

    const { predicate, disclosures } = await receiptOf(id);
    expect(await checkBallots(predicate)).toEqual([]);
    expect(recountAgrees(predicate)).toBe(true);
    expect(JSON.stringify(predicate)).not.toContain('Smaller');
    expect(disclosures).toContainEqual(expect.objectContaining({ path: '/discussion/0', value: 'Smaller is better.' }));
  });

  it('waits for nobody beyond the time of a phase', async () => {
    const { id } = await tenant.open(voters, { ...elective, rounds, roundSeconds: 3_600 });
    for (const phase of ['critique', 'ballots'] as const) {
      expect(await overdue(id)).toBeDefined();
      await tenant.until(id, phase);
    }
    const [row] = await fixture.database.query<{ left: number }>(
      `select extract(epoch from deadline_at - clock_timestamp())::float as left from consensus.decision where id = $1`,
      [id],
    );
    expect(row!.left).toBeGreaterThan(86_400);
  });

  it('refuses what does not belong there, with the code of the fault', async () => {
    const [ann, bob] = voters as [Voter, Voter];
    const { id } = await tenant.open([ann, bob], { ...elective, rounds });
    const plain = await tenant.open([ann, bob]);
    const stranger = await tenant.enrol();
    const option = { id: 'split', title: 'Split it' };
    await tenant.say(id, ann, 'propose', { option });
    const unsalted = { id, voterId: bob.voterId, text: 'x', signature: { algorithm: 'ed25519' as const, value: '' } };
    const refusals: [() => Promise<unknown>, string][] = [
      [() => tenant.say(unknownDecision(), ann, 'propose', { option }), 'consensus.decision.not-found'],
      [() => tenant.say(plain.id, ann, 'propose', { option }), 'consensus.decision.phase'],
      [() => tenant.say(id, bob, 'critique', { text: 'too soon' }), 'consensus.decision.phase'],
      [() => tenant.cast(id, bob, { ranking: [['keep']] }), 'consensus.decision.phase'],
      [
        () => tenant.say(id, ann, 'propose', { option: { ...option, title: 'Other' } }),
        'consensus.contribution.conflict',
      ],
      [() => tenant.say(id, bob, 'propose', { option }), 'consensus.contribution.conflict'],
      [() => fixture.call(consensus.makeCritique, unsalted, tenant.me), 'consensus.contribution.malformed'],
      [() => tenant.say(id, stranger, 'propose', { option }), 'consensus.ballot.not-a-voter'],
      [() => tenant.say(id, impostor(bob), 'propose', { option }), 'consensus.ballot.signature'],
      [() => tenant.say(id, bob, 'propose', { option, text: 'x'.repeat(20_000) }), 'request.too-large'],
    ];
    for (const [attempt, code] of refusals) expect([code, await refusalOf(attempt())]).toEqual([code, code]);
    expect((await tenant.read(id)).discussion).toHaveLength(1);
  });
});

describe('abstentions and vetoes', () => {
  it('count for the quorum and nowhere else, in either kind of secrecy', async () => {
    const [ann, bob] = voters as [Voter, Voter];
    const open = await tenant.open([ann, bob], { rule: { method: 'approval-gate', quorum: { num: 1, den: 1 } } });
    await tenant.abstain(open.id, ann, 'not my field');
    expect(await refusalOf(tenant.abstain(open.id, bob, ' '))).toBe('consensus.ballot.malformed');
    expect(await tenant.cast(open.id, bob, { vote: 'yes' })).toMatchObject({ outcome: { status: 'approved' } });
    const sealed = await tenant.open([ann, bob], { secrecy: 'sealed' });
    await tenant.abstain(sealed.id, ann, 'not my field');
    expect(await tenant.commit(sealed.id, bob, { vote: 'yes' })).toMatchObject({
      phase: 'reveal',
      ballots: [{ status: 'abstained', reason: 'not my field' }, { status: 'committed' }],
    });
    expect(await refusalOf(tenant.abstain(unknownDecision(), ann, 'x'))).toBe('consensus.decision.not-found');
  });

  it('end a decision by the word of one with the role for it', async () => {
    const [ann, bob] = voters as [Voter, Voter];
    const [chair, member] = tenant.termsOf([ann, bob]).electorate;
    const electorate = [{ ...chair!, roles: ['security'] }, member!];
    const { id } = await tenant.open([ann, bob], { electorate, veto: { roles: ['security'] } });
    const refusals: [() => Promise<unknown>, string][] = [
      [() => tenant.veto(unknownDecision(), ann, 'x'), 'consensus.decision.not-found'],
      [() => tenant.veto(id, bob, 'x'), 'consensus.veto.role'],
      [() => tenant.veto(id, ann, ' '), 'consensus.veto.malformed'],
      [() => tenant.veto(id, impostor(ann), 'x'), 'consensus.ballot.signature'],
      [() => tenant.veto(id, { ...ann, voterId: newId('voter') }, 'x'), 'consensus.ballot.not-a-voter'],
    ];
    for (const [attempt, code] of refusals) expect(await refusalOf(attempt())).toBe(code);
    await tenant.cast(id, bob, { vote: 'yes' });
    const vetoed = await tenant.veto(id, ann, 'the key leaks');
    expect(vetoed).toMatchObject({
      phase: 'vetoed',
      outcome: { status: 'rejected', winners: ['rejected'], reason: 'vetoed' },
      vetoed: { voterId: ann.voterId, reason: 'the key leaks' },
    });
    expect(await tenant.veto(id, ann, 'the key leaks')).toEqual(vetoed);
    expect(await refusalOf(tenant.veto(id, ann, 'and another thing'))).toBe('consensus.ballot.late');
    const { predicate } = await receiptOf(id);
    expect(await checkBallots(predicate)).toEqual([]);
    expect(recountAgrees(predicate)).toBe(true);
  });
});

describe('who comes too late', () => {
  it('is refused, not counted, and on record once', async () => {
    const [ann, bob] = voters as [Voter, Voter];
    const { id } = await tenant.open([ann, bob]);
    await tenant.cast(id, ann, { vote: 'yes' });
    await tenant.cast(id, bob, { vote: 'yes' });
    expect(await tenant.cast(id, ann, { vote: 'yes' })).toMatchObject({ phase: 'sealed' });
    for (const vote of ['no', 'no', 'abstain'] as const)
      expect(await refusalOf(tenant.cast(id, ann, { vote }))).toBe('consensus.ballot.late');
    expect(await refusalOf(tenant.cast(id, impostor(bob), { vote: 'no' }))).toBe('consensus.ballot.signature');
    const told = await fixture.emitted(events.ballotLate.type, tenant.me.tenantId);
    expect(told.filter(({ data }) => data['decision'] === id).map(({ data }) => data['voter'])).toEqual([ann.voterId]);
    expect((await tenant.read(id)).ballots[0]).toMatchObject({ status: 'counted', vote: 'yes' });
  });
});

describe('a decision that asks in waves', () => {
  it('asks nobody it does not need, and tells so', async () => {
    const { id, ballots } = await tenant.open(voters, {
      rule: { method: 'approval-gate' },
      ...{ earlyStop: 'certain', waves: true },
    });
    expect(ballots.map(({ status }) => status)).toEqual(['pending', 'pending', 'pending', 'not-asked', 'not-asked']);
    const early = await refusedWith(tenant.cast(id, voters[3]!, { vote: 'yes' }));
    expect(early).toMatchObject({ code: 'consensus.decision.phase', params: { reason: 'not-asked' } });
    await tenant.cast(id, voters[0]!, { vote: 'yes' });
    await tenant.cast(id, voters[1]!, { vote: 'yes' });
    const second = await tenant.cast(id, voters[2]!, { vote: 'no' });
    expect(second.ballots.map(({ status }) => status)).toEqual(['spoken', 'spoken', 'spoken', 'pending', 'not-asked']);
    expect(JSON.stringify(second.ballots)).not.toContain('"vote"');
    const ended = await tenant.cast(id, voters[3]!, { vote: 'yes' });
    expect(ended).toMatchObject({ phase: 'sealed', outcome: { status: 'approved' }, skippedByEarlyStop: 1 });
    const waves = await fixture.emitted(events.waveOpened.type, tenant.me.tenantId);
    const asked = voters.map(({ voterId }) => voterId);
    expect(waves.map(({ data }) => data)).toEqual([
      { decision: id, wave: 1, voters: asked.slice(0, 3) },
      { decision: id, wave: 2, voters: asked.slice(3, 4) },
    ]);
    const { predicate } = await receiptOf(id);
    expect(predicate).toMatchObject({ stopped: { notAsked: [voters[4]!.voterId] }, cost: { skippedByEarlyStop: 1 } });
    expect(await checkBallots(predicate)).toEqual([]);
  });
});

describe('terms', () => {
  it('break a tie only as they say', async () => {
    const [ann, bob] = voters as [Voter, Voter];
    const options = ['A', 'B', 'C'].map((id) => ({ id, title: id }));
    const terms: Partial<Terms> = { options, rule: { method: 'plurality' } };
    const standing = await tenant.open([ann, bob], { ...terms, tie: 'status-quo', statusQuo: 'C' });
    await tenant.cast(standing.id, ann, { choice: 'A' });
    expect(await tenant.cast(standing.id, bob, { choice: 'B' })).toMatchObject({
      outcome: { status: 'decided', winners: ['C'], reason: 'tie-status-quo' },
    });
    const { id } = await tenant.open([ann, bob], { ...terms, secrecy: 'sealed', tie: 'seeded' });
    await tenant.commit(id, ann, { choice: 'A' });
    await tenant.commit(id, bob, { choice: 'B' });
    await fixture.log.write(tenant.me.tenantId);
    await eventually(() => tenant.reveal(id, ann, { choice: 'A' }));
    expect(await tenant.reveal(id, bob, { choice: 'B' })).toMatchObject({
      outcome: { status: 'decided', reason: 'tie-seeded' },
    });
    const { predicate } = await receiptOf(id);
    expect(recountAgrees(predicate)).toBe(true);
  });

  it('seat nobody they exclude, and are what they were when they are asked for again', async () => {
    const own = await tenant.enrol(tenant.me);
    const excluded = await refusedWith(tenant.open([own], { electorateRules: { excluded: ['opener'] } }));
    expect(excluded).toMatchObject({ code: 'consensus.decision.malformed', params: { reason: 'voter-excluded' } });
    const family = tenant.termsOf(voters).electorate.map((elector) => ({ ...elector, family: 'one' }));
    const uniform = tenant.open(voters, { electorate: family, electorateRules: { minFamilies: 2 } });
    expect(await refusedWith(uniform)).toMatchObject({ params: { reason: 'too-few-families' } });
    const id = newId('decision');
    await tenant.open(voters, { id, ...elective });
    const amended = tenant.open(voters, { id, ...elective, tie: 'status-quo', statusQuo: 'keep' });
    expect(await refusalOf(amended)).toBe('consensus.decision.exists');
  });
});
