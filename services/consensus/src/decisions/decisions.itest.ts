import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { consensus, events, newId } from '@conclave/contracts';
import { eventually, refusalOf, refusedWith, testPrincipal } from '@conclave/dev-env/testing';
import { Database } from '@conclave/postgres-kit';
import {
  impostor,
  SHA256,
  startConsensus,
  unknownDecision,
  type Decision,
  type ConsensusFixture,
  type Tenant,
  type Terms,
  type Voter,
} from '../testing/consensus-fixture.js';

let fixture: ConsensusFixture;
let tenant: Tenant;
let voters: [Voter, Voter];
beforeAll(async () => {
  fixture = await startConsensus({ REVEAL_WINDOW_SECONDS: '1' });
  tenant = fixture.tenant();
  voters = [await tenant.enrol(), await tenant.enrol(tenant.me)];
});
afterAll(() => fixture.stop());

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const subject = { repository: 'git.example/app', base: COMMIT, head: COMMIT, tree: COMMIT, diffSha256: SHA256 };
const soon = () => new Date(Date.now() + 300).toISOString();

describe('an open decision', () => {
  it('is sealed by itself when everybody has voted and every gate has reported', async () => {
    const { id } = await tenant.open(voters, { gates: ['tests'], subject, notices: ['jury-edited'] });
    await tenant.report(id, 'tests', 'green');
    await tenant.cast(id, voters[0], { vote: 'yes', findingsSha256: SHA256 });
    const decision = await tenant.cast(id, voters[1], { vote: 'no', reason: 'lost assertions' });
    expect(decision).toMatchObject({
      phase: 'sealed',
      outcome: { status: 'rejected', winners: ['rejected'], reason: 'threshold-missed' },
      ballots: [
        { status: 'counted', vote: 'yes', custody: 'platform', findingsSha256: SHA256 },
        { status: 'counted', vote: 'no', custody: 'external', reason: 'lost assertions' },
      ],
      evidence: [{ gate: 'tests', status: 'green' }],
      notices: ['jury-edited'],
      subject,
    });
    const [told] = await fixture.emitted(events.decisionSealed.type, tenant.me.tenantId);
    expect(told?.data).toMatchObject({ decision: id, phase: 'sealed', outcome: { status: 'rejected' } });
    expect(await fixture.call(consensus.getTally, { id }, tenant.me)).toMatchObject({
      status: 'decided',
      detail: { yes: 1, no: 1, eligible: 2 },
    });
  });

  it('keeps both ballots of a voter who casts two, and goes on without that voter', async () => {
    const { id } = await tenant.open(voters);
    await tenant.cast(id, voters[0], { vote: 'yes' });
    await tenant.cast(id, voters[0], { vote: 'yes' });
    expect(await refusalOf(tenant.cast(id, voters[0], { vote: 'no' }))).toBe('consensus.ballot.equivocation');
    expect((await tenant.read(id)).ballots[0]).toMatchObject({ status: 'void' });
    expect(await tenant.cast(id, voters[1], { vote: 'yes' })).toMatchObject({
      phase: 'sealed',
      outcome: { status: 'approved' },
    });
  });

  it('lets concurrent voters all count, in some order', async () => {
    const many = await Promise.all(Array.from({ length: 12 }, () => tenant.enrol()));
    const { id } = await tenant.open(many, { rule: { method: 'approval-gate', quorum: { num: 1, den: 1 } } });
    await Promise.all(many.map((voter, n) => tenant.cast(id, voter, { vote: n % 3 === 0 ? 'no' : 'yes' })));
    const { outcome, ballots } = await tenant.read(id);
    expect(outcome).toMatchObject({ status: 'approved' });
    expect(ballots.every(({ status }) => status === 'counted')).toBe(true);
  });

  it('elects among several options', async () => {
    const options = ['A', 'B', 'C'].map((id) => ({ id, title: id }));
    const { id } = await tenant.open(voters, { options, rule: { method: 'schulze' } });
    await tenant.cast(id, voters[0], { ranking: [['B'], ['A']] });
    expect(await tenant.cast(id, voters[1], { ranking: [['B', 'A']] })).toMatchObject({
      outcome: { status: 'decided', winners: ['B'], reason: 'most-preferred' },
    });
  });

  it.each([
    ['plurality', { choice: 'B' }, { choice: 'B' }],
    ['approval', { approve: ['A', 'B'] }, { approve: ['B'] }],
    ['borda', { ranking: [['B'], ['A']] }, { ranking: [['B'], ['C']] }],
    ['irv', { ranking: [['B'], ['A']] }, { ranking: [['B']] }],
    ['ranked-pairs', { ranking: [['B'], ['A']] }, { ranking: [['B', 'A']] }],
    ['score', { score: { A: 3, B: 5 } }, { score: { B: 4 } }],
  ] as const)('elects by %s and shows what was said', async (method, first, second) => {
    const options = ['A', 'B', 'C'].map((id) => ({ id, title: id }));
    const { id } = await tenant.open(voters, { options, rule: { method } });
    const foreign = await refusedWith(tenant.cast(id, voters[0], { vote: 'yes' }));
    expect(foreign).toMatchObject({ code: 'consensus.ballot.malformed', params: { reason: 'ballot-foreign' } });
    await tenant.cast(id, voters[0], first);
    expect(await tenant.cast(id, voters[1], second)).toMatchObject({
      outcome: { status: 'decided', winners: ['B'], reason: 'most-preferred' },
      ballots: [first, second],
    });
  });

  it('ends at its deadline with those who came', async () => {
    const { id } = await tenant.open(voters, { deadlineAt: soon() });
    await tenant.cast(id, voters[0], { vote: 'yes' });
    const { outcome, ballots } = await tenant.until(id, 'sealed');
    expect(outcome).toMatchObject({ status: 'approved' });
    expect(ballots[1]).toMatchObject({ status: 'pending' });
  });

  it('expires at its deadline when a gate is silent, and is without quorum when all are', async () => {
    const gated = await tenant.open(voters, { deadlineAt: soon(), gates: ['tests'] });
    const silent = await tenant.open(voters, { deadlineAt: soon() });
    await tenant.until(gated.id, 'expired');
    await tenant.until(silent.id, 'no-quorum');
  });

  it('keeps any text of a voter, down to the last character', async () => {
    const { id } = await tenant.open(voters);
    const reason = 'nul \u0000, quote ", backslash \\, é, 𝄞 and \u2028';
    expect((await tenant.cast(id, voters[0], { vote: 'no', reason })).ballots[0]).toMatchObject({ reason });
  });
});

describe('a sealed decision', () => {
  it('shows no ballot before the commits are in a published checkpoint, and counts what is revealed after', async () => {
    const { id } = await tenant.open(voters, { secrecy: 'sealed' });
    await tenant.commit(id, voters[0], { vote: 'yes' });
    const closed = await tenant.commit(id, voters[1], { vote: 'yes' });
    expect(closed).toMatchObject({ phase: 'reveal', ballots: [{ status: 'committed' }, { status: 'committed' }] });
    expect(JSON.stringify(closed)).not.toContain('"vote"');
    const early = await refusedWith(tenant.reveal(id, voters[0], { vote: 'yes' }));
    expect(early).toMatchObject({ code: 'consensus.decision.phase', params: { reason: 'commits-unpublished' } });

    await fixture.log.write(tenant.me.tenantId);
    await eventually(async () => {
      const told = await fixture.emitted(events.revealOpened.type, tenant.me.tenantId);
      expect(told.map(({ data }) => data)).toContainEqual({ decision: id });
    });
    await tenant.reveal(id, voters[0], { vote: 'yes' });
    expect(await tenant.reveal(id, voters[1], { vote: 'yes' })).toMatchObject({
      phase: 'sealed',
      outcome: { status: 'approved' },
    });
  });

  it('makes a voter void whose reveal opens nothing', async () => {
    const { id } = await tenant.open(voters, { secrecy: 'sealed' });
    for (const voter of voters) await tenant.commit(id, voter, { vote: 'yes' });
    await fixture.log.write(tenant.me.tenantId);
    await eventually(() => tenant.reveal(id, voters[0], { vote: 'yes' }));
    expect(await refusalOf(tenant.reveal(id, voters[1], { vote: 'no' }))).toBe('consensus.ballot.reveal-mismatch');
    expect(await tenant.read(id)).toMatchObject({
      phase: 'sealed',
      outcome: { status: 'approved' },
      ballots: [{ status: 'counted' }, { status: 'void' }],
    });
  });

  it('closes the commits at its deadline, waits for the reveals that are welcome, and counts the rest as absent', async () => {
    const { id } = await tenant.open(voters, { secrecy: 'sealed', deadlineAt: soon() });
    await tenant.commit(id, voters[0], { vote: 'yes' });
    await tenant.until(id, 'reveal');
    expect(await refusalOf(tenant.commit(id, voters[1], { vote: 'no' }))).toBe('consensus.ballot.late');
    await fixture.log.write(tenant.me.tenantId);
    await tenant.until(id, 'no-quorum');
    expect((await tenant.read(id)).ballots[0]).toMatchObject({ status: 'unrevealed' });
  });
});

describe('a sealed decision whose checkpoint never comes', () => {
  it('ends undecided at its deadline instead of never', async () => {
    const { id } = await tenant.open(voters, { secrecy: 'sealed' });
    for (const voter of voters) await tenant.commit(id, voter, { vote: 'yes' });
    const due = await fixture.database.query(
      `update consensus.decision set deadline_at = clock_timestamp()
       where id = $1 and deadline_at > clock_timestamp() + interval '6 days' returning id`,
      [id],
    );
    expect(due).toHaveLength(1);
    await tenant.until(id, 'no-quorum');
  });
});

describe('opening', () => {
  it('is repeatable: the same id with the same terms answers with the decision as it stands', async () => {
    const id = newId('decision');
    await tenant.open(voters, { id });
    await tenant.cast(id, voters[0], { vote: 'yes' });
    const again = await tenant.open(voters, { id, deadlineAt: soon() });
    expect(again.ballots[0]).toMatchObject({ status: 'counted' });
    const reordered = Object.fromEntries(Object.entries(tenant.termsOf(voters, { id })).reverse());
    const same = await fixture.call(consensus.openDecision, reordered as Terms, tenant.me);
    expect(same.openedAt).toBe(again.openedAt);
    const other = tenant.open(voters, { id, question: 'Something else?' });
    expect(await refusalOf(other)).toBe('consensus.decision.exists');
    const opened = await fixture.emitted(events.decisionOpened.type, tenant.me.tenantId);
    expect(opened.filter(({ data }) => data['decision'] === id)).toHaveLength(1);
  });

  it('opens once while many ask at the same time', async () => {
    const id = newId('decision');
    const replies = await Promise.all(Array.from({ length: 8 }, () => tenant.open(voters, { id })));
    expect(new Set(replies.map((reply) => reply.openedAt)).size).toBe(1);
  });

  it('answers a repeated Idempotency-Key with the first answer', async () => {
    const as = { claims: tenant.me, idempotencyKey: 'open-1' };
    const [first, second] = [await tenant.open(voters, {}, as), await tenant.open(voters, {}, as)];
    expect(second).toEqual(first);
    expect(await refusalOf(tenant.open(voters, { question: 'Other?' }, as))).toBe('request.idempotency-mismatch');
  });

  it('refuses terms that contradict themselves, and voters without a key', async () => {
    const malformed = await refusedWith(tenant.open(voters, { gates: ['tests', 'tests'] }));
    expect(malformed).toMatchObject({
      code: 'consensus.decision.malformed',
      params: { reason: 'gate-repeated', path: '/gates' },
    });
    const hostile = {
      options: [{ id: 'nul\u0000', title: 'x' }],
      policy: { panel: '', panelSha256: SHA256, source: '\ud800' },
    };
    const as = { ...tenant.runtime, idempotencyKey: 'hostile' };
    expect(await refusalOf(tenant.open(voters, hostile, as))).toBe('consensus.decision.malformed');
    const stranger = { ...voters[0], voterId: newId('voter') };
    expect(await refusalOf(tenant.open([stranger]))).toBe('consensus.voter-key.not-found');
  });
});

describe('who judges', () => {
  const policy = { panel: 'conclave/review', panelSha256: SHA256, source: '.conclave/panel.yaml' };
  const evaluator = { id: 'tests-weakened', version: '1', sha256: SHA256, deterministic: true };

  it('is no claim of a person: a panel or an evaluator named through the edge opens nothing', async () => {
    const voter = await tenant.enrol(tenant.me);
    const id = newId('decision');
    const { electorate } = tenant.termsOf([voter]);
    const claims = { id, policy, subject, electorate: electorate.map((elector) => ({ ...elector, evaluator })) };
    expect(await refusedWith(tenant.open([voter], claims))).toMatchObject({
      code: 'consensus.decision.claim',
      params: { members: ['policy', 'electorate.0.evaluator'] },
    });
    expect(await refusalOf(tenant.read(id))).toBe('consensus.decision.not-found');
  });

  it('is believed of the runtime', async () => {
    expect(await tenant.open(voters, { policy, subject }, tenant.runtime)).toMatchObject({ policy });
  });
});

describe('the ballot box', () => {
  it('refuses with the code of the fault and stays as it was', async () => {
    const { id } = await tenant.open(voters, { gates: ['tests'] });
    const [ann] = voters;
    const stranger = await tenant.enrol();
    const { ballot } = tenant.signed(id, ann, { vote: 'yes' });
    const { signature } = tenant.signed(id, ann, { vote: 'no' });
    const evidence = { id, gate: 'tests', status: 'green' as const, sha256: SHA256, reason: '' };
    const refusals: [() => Promise<unknown>, string][] = [
      [() => tenant.cast(unknownDecision(), ann, { vote: 'yes' }), 'consensus.decision.not-found'],
      [() => tenant.read(unknownDecision()), 'consensus.decision.not-found'],
      [() => fixture.call(consensus.getTally, { id: unknownDecision() }, tenant.me), 'consensus.decision.not-found'],
      [() => fixture.call(consensus.getTally, { id }, tenant.me), 'consensus.decision.phase'],
      [() => fixture.call(consensus.getReceipt, { id }, tenant.me), 'consensus.decision.phase'],
      [() => tenant.cast(id, stranger, { vote: 'yes' }), 'consensus.ballot.not-a-voter'],
      [() => tenant.cast(id, impostor(ann), { vote: 'yes' }), 'consensus.ballot.signature'],
      [() => fixture.call(consensus.castBallot, { id, ballot, signature }, tenant.me), 'consensus.ballot.signature'],
      [() => tenant.cast(id, ann, { ranking: [['change']] }), 'consensus.ballot.malformed'],
      [() => tenant.cast(id, ann, {}), 'consensus.ballot.malformed'],
      [() => tenant.commit(id, ann, { vote: 'yes' }), 'consensus.decision.phase'],
      [() => tenant.reveal(id, ann, { vote: 'yes' }), 'consensus.decision.phase'],
      [() => tenant.report(id, 'lint', 'green'), 'consensus.evidence.unknown-gate'],
      [() => tenant.report(unknownDecision(), 'tests', 'green'), 'consensus.decision.not-found'],
      [
        () => fixture.call(consensus.recordEvidence, evidence, { claims: tenant.me, from: 'runtime' }),
        'auth.forbidden',
      ],
      [() => fixture.call(consensus.getDecision, { id }, { ...tenant.me, scopes: [] }), 'auth.forbidden'],
    ];
    for (const [attempt, code] of refusals) expect(await refusalOf(attempt())).toBe(code);
    expect(await tenant.read(id)).toMatchObject({
      ballots: [{ status: 'pending' }, { status: 'pending' }],
      evidence: [],
    });
    await tenant.report(id, 'tests', 'green');
    await tenant.report(id, 'tests', 'green');
    expect(await refusalOf(tenant.report(id, 'tests', 'red'))).toBe('consensus.evidence.conflict');
  });

  it('can be given up, once and for all', async () => {
    const { id } = await tenant.open(voters);
    const cancel = () => fixture.call(consensus.cancelDecision, { id, reason: 'withdrawn' }, tenant.me);
    expect(await cancel()).toMatchObject({ phase: 'canceled' });
    expect(await cancel()).toMatchObject({ phase: 'canceled' });
    expect(await refusalOf(tenant.cast(id, voters[0], { vote: 'yes' }))).toBe('consensus.ballot.late');
    const done = await tenant.open([voters[0]]);
    await tenant.cast(done.id, voters[0], { vote: 'yes' });
    const late = fixture.call(consensus.cancelDecision, { id: done.id, reason: 'too late' }, tenant.me);
    expect(await refusalOf(late)).toBe('consensus.decision.phase');
    const missing = fixture.call(consensus.cancelDecision, { id: unknownDecision(), reason: 'x' }, tenant.me);
    expect(await refusalOf(missing)).toBe('consensus.decision.not-found');
  });

  it('is given up by who opened it or an administrator only, and both the log and the runtime are told, once', async () => {
    const { id } = await tenant.open(voters);
    const { tenantId, workspaceId } = tenant.me;
    const colleague = testPrincipal({ tenantId, workspaceId, scopes: ['decision:open'] });
    const cancel = (of: string, as = tenant.me) =>
      fixture.call(consensus.cancelDecision, { id: of, reason: 'withdrawn' }, as);
    expect(await refusedWith(cancel(id, colleague))).toMatchObject({
      code: 'auth.forbidden',
      params: { permission: 'workspace:manage' },
    });
    expect(await tenant.read(id)).toMatchObject({ phase: 'ballots' });
    const own = await tenant.open(voters, {}, colleague);
    for (const canceled of [own.id, own.id]) await cancel(canceled, colleague);
    await cancel(id);
    const told = await fixture.emitted(events.decisionCanceled.type, tenantId);
    expect(told.map(({ data }) => data['decision']).filter((of) => of === id || of === own.id)).toEqual([own.id, id]);
  });

  it('is nobody else’s: another tenant finds neither decision nor key', async () => {
    const other = fixture.tenant();
    const { id } = await tenant.open(voters);
    expect(await refusalOf(other.read(id))).toBe('consensus.decision.not-found');
    expect(await refusalOf(other.cast(id, voters[0], { vote: 'yes' }))).toBe('consensus.decision.not-found');
    expect(await refusalOf(other.open(voters))).toBe('consensus.voter-key.not-found');
    expect((await fixture.call(consensus.listDecisions, {}, other.me)).items).toEqual([]);
  });

  it('lists decisions newest first, by page and by phase', async () => {
    const lister = fixture.tenant();
    const voter = await lister.enrol();
    const ids: string[] = [];
    const chosen = Array.from({ length: 3 }, () => newId('decision')).reverse();
    for (const id of chosen) ids.unshift((await lister.open([voter], { id })).id);
    await lister.cast(ids[2]!, voter, { vote: 'yes' });
    const page = await fixture.call(consensus.listDecisions, { limit: 2 }, lister.me);
    expect(page.items.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    const rest = await fixture.call(consensus.listDecisions, { limit: 2, after: page.next! }, lister.me);
    expect(rest).toMatchObject({ items: [{ id: ids[2], phase: 'sealed', outcome: { status: 'approved' } }] });
    const nonsense = fixture.call(consensus.listDecisions, { after: 'nul\u0000' }, lister.me);
    expect(await refusalOf(nonsense)).toBe('request.invalid');
    const open = await fixture.call(consensus.listDecisions, { phase: 'ballots' }, lister.me);
    expect(open.items.map(({ id }) => id)).toEqual(ids.slice(0, 2));
  });
});

describe('the store', () => {
  it('lets the service rewrite no event, and the system role read nothing that anybody said', async () => {
    const tables = `('decision', 'decision_event', 'voter_key', 'receipt')`;
    const grants = await fixture.database.query<{ table_name: string; privilege_type: string }>(
      `select table_name, privilege_type from information_schema.role_table_grants
       where grantee in ('consensus_app', 'consensus_system') and table_schema = 'consensus'
         and table_name in ${tables} and privilege_type not in ('SELECT', 'INSERT')`,
    );
    expect(grants).toEqual([]);
    const columns = await fixture.database.query<{ column: string }>(
      `select distinct table_name || '.' || column_name as column from information_schema.column_privileges
       where grantee = 'consensus_system' and table_schema = 'consensus' and privilege_type = 'SELECT'
         and table_name in ${tables} order by 1`,
    );
    expect(columns.map(({ column }) => column)).toEqual([
      ...['decision.commits_event_id', 'decision.deadline_at', 'decision.id', 'decision.seq', 'decision.tenant_id'],
      ...['voter_key.generation', 'voter_key.revoked_at', 'voter_key.superseded_at', 'voter_key.tenant_id'],
      'voter_key.voter_id',
    ]);
  });

  it('keeps nobody waiting for a decision that somebody else holds', async () => {
    const other = fixture.tenant();
    const theirs = await other.enrol();
    const [{ id: held }, { id: free }] = [await tenant.open(voters), await other.open([theirs])];
    const { tenantId } = tenant.me;
    let waiting: Promise<Decision> | undefined;
    await fixture.service.app.get(Database).tx({ tenantId, actor: 'test' }, async (tx) => {
      await tx.query('select from decision where tenant_id = $1 and id = $2 for update', [tenantId, held]);
      waiting = tenant.cast(held, voters[0], { vote: 'yes' });
      expect(await other.cast(free, theirs, { vote: 'yes' })).toMatchObject({ phase: 'sealed' });
    });
    expect(await waiting).toMatchObject({ phase: 'ballots' });
  });

  it('takes up what a replica of older code appended, which keeps no count on the head row', async () => {
    const three = [...voters, await tenant.enrol()] as const;
    const { id } = await tenant.open(three);
    await tenant.cast(id, three[0], { vote: 'yes' });
    await fixture.database.query(
      `insert into consensus.decision_event (tenant_id, decision_id, seq, type, at, data)
       values ($1, $2, 3, 'ballot.cast', now(), $3)`,
      [tenant.me.tenantId, id, JSON.stringify(tenant.signed(id, three[1], { vote: 'yes' }))],
    );
    expect(await tenant.cast(id, three[2], { vote: 'yes' })).toMatchObject({
      phase: 'sealed',
      ballots: three.map(() => ({ status: 'counted', vote: 'yes' })),
    });
  });

  it('notices an event that was damaged past the service, instead of counting it', async () => {
    const { id } = await tenant.open(voters);
    await tenant.cast(id, voters[0], { vote: 'yes' });
    await fixture.database.query(
      `update consensus.decision_event set data = jsonb_set(data::jsonb, '{ballot,vote}', '"maybe"')::json
       where decision_id = $1 and seq = 2`,
      [id],
    );
    expect(await refusalOf(tenant.read(id))).toBe('service.internal');
  });
});

describe('the room in a decision', () => {
  it('is shared equally: who says more than fits is refused', async () => {
    const { id } = await tenant.open(voters, { gates: ['tests'] });
    const reason = '\u0001'.repeat(4_000);
    await tenant.cast(id, voters[0], { vote: 'yes', reason });
    const many = await Promise.all(Array.from({ length: 24 }, () => tenant.enrol()));
    const options = Array.from({ length: 42 }, (_, n) => ({ id: `${n}`.padEnd(100, 'x'), title: `${n}` }));
    const large = await tenant.open(many, { options, rule: { method: 'irv' } });
    const { params } = await refusedWith(tenant.cast(large.id, many[0]!, { vote: 'abstain', reason }));
    const limit = params['limitBytes'] as number;
    const saying = (by: number, more = 0) => {
      const ranking = options.map((_, place) => [options[(place + by) % 42]!.id]);
      const empty = JSON.stringify(tenant.signed(large.id, many[by]!, { ranking, reason: '' })).length;
      const room = limit - empty + more;
      return { ranking, reason: '\u0001'.repeat(Math.floor(room / 6)) + '.'.repeat(room % 6) };
    };
    expect(await refusalOf(tenant.cast(large.id, many[0]!, saying(0, 1)))).toBe('request.too-large');
    for (const [by, voter] of many.entries()) {
      const { ranking, reason } = saying(by);
      await tenant.cast(large.id, voter, { ranking, reason });
      if (by === 23) continue;
      await refusedWith(tenant.cast(large.id, voter, { ranking: ranking.toReversed(), reason }));
    }
    await fixture.log.write(tenant.me.tenantId);
    await tenant.until(large.id, 'sealed', true);
    const receipt = await fixture.call(consensus.getReceipt, { id: large.id }, tenant.me);
    expect(JSON.stringify(receipt).length).toBeGreaterThan(500_000);
  });

  it('is refused to terms that take too much of it', async () => {
    const options = Array.from({ length: 100 }, (_, n) => ({ id: `${n}`.padEnd(100, 'x'), title: '本'.repeat(120) }));
    const roles = Array.from({ length: 20 }, (_, n) => `${n}`.padEnd(100, 'r'));
    const electorate = tenant.termsOf(voters).electorate.map((elector) => ({ ...elector, roles }));
    const rule = { method: 'schulze' as const };
    await tenant.open(voters, { options, electorate, rule });
    const crowd = await Promise.all(Array.from({ length: 30 }, () => tenant.enrol()));
    const verbose = tenant.termsOf(crowd).electorate.map((elector) => ({ ...elector, roles }));
    expect(await refusalOf(tenant.open(crowd, { options, electorate: verbose, rule }))).toBe('request.too-large');
    // The rounds of an instant runoff name every option left again and again.
    expect(await refusalOf(tenant.open(voters, { options, rule: { method: 'irv' } }))).toBe('request.too-large');
  });
});

describe('a voter whose key another replica ended', () => {
  it('is frozen into no decision, though this replica has just seen the key', async () => {
    const other = fixture.tenant();
    const [stays, leaves] = [await other.enrol(), await other.enrol()];
    await other.open([stays, leaves]);
    const sql = 'update consensus.voter_key set revoked_at = clock_timestamp() where voter_id = $1';
    await fixture.database.query(sql, [leaves.voterId]);
    expect(await refusalOf(other.open([stays, leaves]))).toBe('consensus.voter-key.not-found');
    expect((await other.open([stays])).ballots).toHaveLength(1);
  });
});

describe('a tenant that is suspended', () => {
  it('loses no decision to time that passes, and votes in the time that was left when it goes on', async () => {
    const other = fixture.tenant();
    const electorate = [await other.enrol(), await other.enrol()] as const;
    const { tenantId } = other.me;
    const told = await fixture.eventsOf('auth');
    const held = () => fixture.database.query('select from consensus.held_tenant where tenant_id = $1', [tenantId]);
    const { id } = await other.open(electorate, { deadlineAt: new Date(Date.now() + 600_000).toISOString() });
    told.emit(events.tenantSuspended, tenantId, { tenant: tenantId, reason: 'unpaid' });
    await eventually(async () => expect(await held()).toHaveLength(1));
    await fixture.database.query(
      `with t as (update consensus.held_tenant set since = since - interval '1 hour' where tenant_id = $1)
       update consensus.decision set deadline_at = deadline_at - interval '1 hour' where tenant_id = $1`,
      [tenantId],
    );
    // A sweep that takes what is due, and this with it if it were not held.
    const { id: due } = await tenant.open(voters, { deadlineAt: soon() });
    await tenant.until(due, 'no-quorum');
    expect(await other.read(id)).toMatchObject({ phase: 'ballots' });
    told.emit(events.tenantResumed, tenantId, { tenant: tenantId });
    await eventually(async () => expect(await held()).toHaveLength(0));
    const leftMs = async () => {
      const sql = 'select deadline_at as at from consensus.decision where id = $1';
      const [row] = await fixture.database.query<{ at: Date }>(sql, [id]);
      return row!.at.getTime() - Date.now();
    };
    for (const vote of [undefined, 'yes'] as const) {
      if (vote) await other.cast(id, electorate[0], { vote });
      expect(await leftMs()).toBeGreaterThan(500_000);
      expect(await leftMs()).toBeLessThanOrEqual(600_000);
    }
    expect(await other.cast(id, electorate[1], { vote: 'yes' })).toMatchObject({ outcome: { status: 'approved' } });
  });
});

describe('a tenant whose log was given up', () => {
  it('opens its next decisions under the origin of the log that follows', async () => {
    const other = fixture.tenant();
    const [mine] = [await other.enrol()];
    const originOf = async ({ id }: { id: string }) => {
      const sql = `select data::text as text from consensus.decision_event where decision_id = $1 order by seq limit 1`;
      const [row] = await fixture.database.query<{ text: string }>(sql, [id]);
      return /"origin": ?"([^"]*)"/.exec(row!.text)?.[1];
    };
    const first = await originOf(await other.open([mine]));
    expect(fixture.log.openNext(other.me.tenantId)).toBe(`${first}/2`);
    await eventually(async () => expect(await originOf(await other.open([mine]))).toBe(`${first}/2`));
  });
});
