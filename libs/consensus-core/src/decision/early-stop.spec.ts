import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { predicateOf } from '../receipt/predicate-of.js';
import type { Predicate } from '../receipt/predicate.js';
import { checkBallots, recountAgrees } from '../receipt/recount.js';
import type { TallyBallot } from '../rules/rule.js';
import { cannotBeOverturned } from '../rules/settled.js';
import { isQuorate, tally } from '../tally.js';
import { ballotsOf, OPTIONS, variantsOf } from '../test/ballots.js';
import { Log, signerOf, termsOf, type Signer } from '../test/panel.js';
import { publicTermsOf, type Terms } from '../terms.js';
import { seededOrder } from '../tie-break.js';
import { admitClose } from './admit-lifecycle.js';
import { isCertain, nextWave } from './early-stop.js';

const weighted = (ballot: fc.Arbitrary<TallyBallot>, maxLength: number) =>
  fc.array(
    fc.tuple(ballot, fc.integer({ min: 1, max: 4 })).map(([said, weight]) => ({ ...said, weight })),
    { maxLength },
  );

describe('a count that cannot be overturned', () => {
  it.each(variantsOf)('by $method is what every completion comes to (%j)', (rule) => {
    const { method } = rule;
    const ballots = ballotsOf;
    let settled = 0;
    fc.assert(
      fc.property(
        // A crowd for one side makes counts that are settled likely; random ones hardly ever are.
        ballots[method],
        fc.integer({ min: 4, max: 24 }),
        weighted(ballots[method], 4),
        fc.array(weighted(ballots[method], 3), { minLength: 6, maxLength: 6 }),
        (crowd, size, others, completions) => {
          const soFar = [...others, { ...crowd, weight: size }];
          const remaining = Math.max(...completions.map((more) => more.reduce((sum, { weight }) => sum + weight, 0)));
          const heard = soFar.map(({ weight, ...ballot }) => ({ ballot, weight }));
          const now = tally({ options: OPTIONS, rule, ballots: soFar });
          const enough = isQuorate({ options: OPTIONS, rule, ballots: soFar });
          expect(now).toMatchObject({
            ok: true,
            value: { status: enough ? expect.not.stringMatching(/^no/) : 'no-quorum' },
          });
          if (!now.ok || now.value.status === 'no-quorum') return;
          if (!cannotBeOverturned(method, { options: OPTIONS, parameters: rule, ballots: heard, remaining })) return;
          settled++;
          const { status, winners } = now.value;
          for (const more of completions) {
            const whole = tally({ options: OPTIONS, rule, ballots: [...soFar, ...more] });
            expect(whole).toMatchObject({ ok: true, value: { status, winners } });
          }
        },
      ),
      { numRuns: 80 },
    );
    expect(settled).toBeGreaterThan(0);
  });
});

describe('a decision that may stop early', () => {
  let voters: Signer[];
  beforeAll(async () => {
    voters = await Promise.all(['v1', 'v2', 'v3', 'v4', 'v5'].map((name) => signerOf(name)));
  });
  const majority = { method: 'approval-gate' } as const;
  const open = (overrides: Partial<Terms> = {}) =>
    new Log(termsOf(voters, { rule: majority, earlyStop: 'certain', waves: true, ...overrides }));
  const faults = async (predicate: Predicate) => (await checkBallots(predicate)).map(({ code }) => code);
  const voter = (name: string) => voters.find((signer) => signer.voter.voterId === name)!;
  const asked = (log: Log) => log.decision.asked.map((wave) => wave.voters);

  it('is asked again and again, and elects nobody for it, which by ranked pairs can take long', () => {
    const options = Array.from({ length: 50 }, (_, n) => ({ id: `o${n}`, title: `${n}` }));
    const statements = voters.slice(0, 4).map(({ voter: { voterId } }, by) => {
      const order = seededOrder(
        `${by}`,
        options.map(({ id }) => id),
      );
      const ballot = { decisionId: 'dec_1', round: 1, voterId, reason: '', ranking: order.map((id) => [id]) };
      return [voterId, [{ seq: by + 2, signature: { algorithm: 'ed25519', value: '' } as const, ballot }]] as const;
    });
    const terms = publicTermsOf(termsOf(voters, { options, rule: { method: 'ranked-pairs' }, earlyStop: 'certain' }));
    const record = { terms, evidence: new Map(), discussion: [], statements: new Map(statements) };
    // A tally of these takes a quarter of a second.
    for (let time = 0; time < 100; time++) expect(isCertain(record)).toBe(false);
  });

  it('looks for who is ahead within a share of the steps of one count, however many waves there are', () => {
    const options = Array.from({ length: 24 }, (_, n) => ({ id: `o${String(n).padStart(2, '0')}`, title: `${n}` }));
    const ids = options.map(({ id }) => id);
    const [{ voter: one }] = voters as [Signer];
    const electorate = Array.from({ length: 41 }, (_, n) => ({ ...one, voterId: `v${n}`, weight: n < 3 ? 30 : 1 }));
    const orders = [0, 1, 2].map((by) => seededOrder(`0 ${by}`, ids).map((id) => [id]));
    const rule = { method: 'ranked-pairs' } as const;
    const terms = {
      ...publicTermsOf(termsOf(voters, { options, rule, earlyStop: 'certain', waves: true })),
      electorate,
    };
    const signature = { algorithm: 'ed25519', value: '' } as const;
    const statements = orders.map((ranking, by) => {
      const ballot = { decisionId: 'dec_1', round: 1, voterId: `v${by}`, reason: '', ranking };
      return [`v${by}`, [{ seq: by + 3, signature, ballot }]] as const;
    });
    const record = { terms, evidence: new Map(), discussion: [], statements: new Map(statements) };
    // All steps would find o02 ahead, for whom 35 more could settle it; in a 41st of them nobody is ahead of o00.
    const counted = tally({ options: ids, rule, ballots: orders.map((ranking) => ({ ranking, weight: 30 })) });
    expect(counted.ok && counted.value.ranking[0]![0]).toBe('o02');
    expect(nextWave(record, ['v0', 'v1', 'v2'])).toHaveLength(38);
  });

  it('asks as few as could decide, then as few more as could, and spares the rest', async () => {
    const log = open();
    log.ask();
    expect(asked(log)).toEqual([['v1', 'v2', 'v3']]);
    expect(await log.cast(voter('v4'), { vote: 'yes' })).toMatchObject({ refusal: { reason: 'not-asked' } });
    for (const name of ['v1', 'v2']) await log.cast(voter(name), { vote: 'yes' });
    expect(log.ask()).toEqual({ events: [] });
    await log.cast(voter('v3'), { vote: 'no' });
    expect(admitClose(log.decision, 'certain').refusal).toMatchObject({ reason: 'incomplete' });
    log.ask();
    expect(asked(log)[1]).toEqual(['v4']);
    await log.cast(voter('v4'), { vote: 'yes' });
    expect(log.ask()).toEqual({ events: [] });
    log.finish('certain');
    const predicate = predicateOf(log.events)!;
    expect(predicate).toMatchObject({
      outcome: { status: 'approved' },
      stopped: { cause: 'certain', notAsked: ['v5'] },
      cost: { skippedByEarlyStop: 1 },
    });
    expect(await faults(predicate)).toEqual([]);
    expect(recountAgrees(predicate)).toBe(true);
    const { stopped, ...hidden } = predicate;
    expect(stopped).toBeDefined();
    expect(await faults(hidden)).toEqual(['not-certain']);
    const steered = { ...predicate, asked: [predicate.asked![0]!, { ...predicate.asked![1]!, voters: ['v5'] }] };
    expect(await faults(steered)).toContain('wave');
    const early = { ...predicate, ballots: predicate.ballots.slice(0, 3), window: { ...predicate.window, closed: 7 } };
    expect(await faults(early)).toContain('not-certain');
  });

  it('asks nobody before the vote, after its close, or out of turn', async () => {
    const log = open();
    log.ask();
    for (const name of ['v1', 'v2', 'v3']) await log.cast(voter(name), { vote: name === 'v3' ? 'no' : 'yes' });
    log.ask();
    log.finish('deadline');
    const predicate = predicateOf(log.events)!;
    expect(await faults(predicate)).toEqual([]);
    const [first, last] = predicate.asked!;
    expect([first!.seq, last!.seq, predicate.window]).toEqual([2, 6, { opened: 1, closed: 7, ended: 8 }]);
    for (const seq of [9, 8])
      expect(await faults({ ...predicate, asked: [first!, { ...last!, seq }] })).toContain('window');
    const late = { ...predicate, window: { opened: 1, frozen: 3, closed: 7, ended: 8 } };
    expect((await checkBallots(late)).map(({ path }) => path)).toContain('/asked/0');
    expect(await faults({ ...predicate, asked: [last!, first!] })).toContain('window');
  });

  it('waits for its gates, but not when one is red', async () => {
    const log = open({ gates: ['tests'] });
    log.ask();
    for (const name of ['v1', 'v2', 'v3']) await log.cast(voter(name), { vote: 'yes' });
    expect(isCertain(log.decision)).toBe(false);
    expect(nextWave(log.decision, ['v1', 'v2', 'v3'])).toEqual([]);
    log.report('tests', 'green');
    expect(isCertain(log.decision)).toBe(true);
    const red = open({ gates: ['tests'] });
    red.report('tests', 'red');
    expect(isCertain(red.decision)).toBe(true);
  });

  it('asks those who may veto first, and is not certain before they have spoken', async () => {
    const chair = await signerOf('v6', { roles: ['chair'] });
    const log = new Log(
      termsOf([...voters, chair], { rule: majority, earlyStop: 'certain', waves: true, veto: { roles: ['chair'] } }),
    );
    log.ask();
    // Three of six suffice to reject.
    expect(asked(log)).toEqual([['v6', 'v1', 'v2']]);
    await log.cast(voter('v1'), { vote: 'no' });
    await log.cast(voter('v2'), { vote: 'no' });
    expect(isCertain(log.decision)).toBe(false);
    await log.cast(chair, { vote: 'no' });
    expect(isCertain(log.decision)).toBe(true);
  });

  it('is never certain below its quorum or without the families it needs', async () => {
    const quorum = open({ rule: { ...majority, quorum: { num: 4, den: 5 } } });
    quorum.ask();
    expect(asked(quorum)[0]).toHaveLength(4);
    const families = open({ electorateRules: { minFamilies: 5 } });
    families.ask();
    expect(asked(families)[0]).toHaveLength(5);
  });

  /** Ends the decision in every way the silent could still make it end. */
  it('ends as it would have ended, whatever the others would have said', async () => {
    const says = ['yes', 'no', 'abstain', undefined] as const;
    const four = voters.slice(0, 4);
    for (let code = 0; code < 3 ** 3; code++) {
      const log = new Log(termsOf(four, { rule: majority, earlyStop: 'certain' }));
      for (let at = 0, rest = code; at < 3; at++, rest = Math.floor(rest / 3)) {
        if (isCertain(log.decision)) break;
        await log.cast(four[at]!, { vote: says[rest % 3]! });
      }
      if (!isCertain(log.decision)) continue;
      const early = new Log(log.decision.terms);
      early.events.splice(0, Infinity, ...log.events);
      early.finish('certain');
      const silent = four.slice(log.decision.statements.size);
      for (let more = 0; more < 4 ** silent.length; more++) {
        const full = new Log(log.decision.terms);
        full.events.splice(0, Infinity, ...log.events);
        for (let at = 0, rest = more; at < silent.length; at++, rest = Math.floor(rest / 4)) {
          const vote = says[rest % 4];
          if (vote) await full.cast(silent[at]!, { vote });
        }
        full.finish('deadline');
        const [a, b] = [early, full].map(({ decision: { ended } }) =>
          ended?.type === 'decision.sealed' ? [ended.data.phase, ended.data.outcome] : undefined,
        );
        expect(a).toEqual(b);
      }
    }
  });
});
