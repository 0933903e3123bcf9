/** Vectors of receipts whose count or shape is not what their ballots come to, signed by an insider. */
import { fromUtf8, utf8 } from '@conclave/audit-core';
import { payloadBytes } from '@conclave/consensus-core';
import type { StepName } from '../verdict.js';
import { breach, RECOUNTED, type Bench, type Edit } from './breach.js';
import { conspired, type Run } from './course.js';
import { ranks, three, whole } from './stories.js';
import type { Vector } from './workshop.js';

export async function counts(bench: Bench): Promise<Vector[]> {
  const { course } = bench.workshop;
  const seeded = await bench.stories.tiedSealed();
  const standing = await bench.stories.tiedSealed('status-quo');
  const is = async (name: string, what: string, run: Run, edit: Edit) =>
    breach(bench, [`count-${name}`, what], await conspired(run, edit), RECOUNTED);
  const under = async (rule: object, said: object, options = 'abc') => {
    const told = await course({ rule: rule as never, options: [...options].map((id) => ({ id, title: id })) }, three);
    for (const name of ['ada', 'bob']) await told.cast(name, said);
    return told.end();
  };
  const plurality = await under({ method: 'plurality', threshold: { num: 1, den: 2 } }, { choice: 'a' });
  const approval = await under({ method: 'approval' }, { approve: ['a', 'b'] });
  const borda = await under({ method: 'borda' }, ranks('a', 'b'));
  const irv = await under({ method: 'irv' }, ranks('a', 'b'));
  const pairs = await under({ method: 'ranked-pairs' }, ranks('b', 'a'));
  const score = await under({ method: 'score' }, { score: { a: 4 } });
  const crowd = await course(
    {
      rounds: { propose: true },
      options: Array.from({ length: 99 }, (_, at) => ({ id: `o${at}`, title: 'One of many' })),
    },
    three,
  );
  await crowd.say('ada', 'propose', { id: 'x', title: 'The hundredth' });
  await crowd.next();
  await crowd.cast('ada', ranks('x'));
  return [
    await is('seed', 'a tie that fell to another option than the seed says', seeded, (draft) => {
      const winner = draft.outcome.winners[0]!;
      draft.outcome.winners = [winner === 'a' ? 'b' : 'a'];
    }),
    await is('tie-unbroken', 'a tie left although the terms break it', seeded, (draft) => {
      draft.phase = 'tied';
      draft.outcome = { status: 'undecided', winners: ['a', 'b', 'c'], reason: 'tied' };
    }),
    await is(
      'status-quo',
      'a tie that left another option standing',
      standing,
      (draft) => (draft.outcome.winners = ['a']),
    ),
    await is(
      'plurality-figures',
      'another number of choices',
      plurality,
      (draft) => (draft.tally.detail['scores'] = { a: 3, b: 0, c: 0 }),
    ),
    await is(
      'plurality-variant',
      'a variant, which the rule does not have',
      plurality,
      (draft) => (draft.rule.variant = 'sum'),
    ),
    await is(
      'plurality-status-quo',
      'an option that stays, which the rule does not have',
      plurality,
      (draft) => (draft.rule.statusQuo = 'a'),
    ),
    await is('approval-tie-broken', 'a tie that the tally broke', approval, (draft) => {
      draft.tally = { ...draft.tally, status: 'decided', winners: ['a'] };
      draft.phase = 'sealed';
      draft.outcome = { status: 'decided', winners: ['a'], reason: 'most-preferred' };
    }),
    await is(
      'borda-halved',
      'points that were not doubled',
      borda,
      (draft) => (draft.tally.detail['doubledScores'] = { a: 4, b: 2, c: 0 }),
    ),
    await is(
      'borda-threshold',
      'a threshold, which the rule does not have',
      borda,
      (draft) => (draft.rule.threshold = { num: 1, den: 2 }),
    ),
    await is('irv-rounds', 'a round left out', irv, (draft) => (draft.tally.detail['rounds'] as unknown[]).shift()),
    await is(
      'irv-threshold',
      'a threshold, which the rule does not have',
      irv,
      (draft) => (draft.rule.threshold = { num: 1, den: 2 }),
    ),
    await is('ranked-pairs-locked', 'victories locked in another order', pairs, (draft) =>
      (draft.tally.detail['locked'] as unknown[]).reverse(),
    ),
    await is(
      'ranked-pairs-threshold',
      'a threshold without an option that stays',
      pairs,
      (draft) => (draft.rule.threshold = { num: 1, den: 2 }),
    ),
    await is('too-tied', 'said to be too tied to tell, and it is not', irv, (draft) => {
      const { present, counted, voters, eligible } = draft.tally.detail;
      draft.tally = {
        status: 'tied',
        winners: [],
        ranking: [['a', 'b', 'c']],
        detail: { tooTied: true, present, counted, voters, eligible },
      };
      draft.phase = 'tied';
      draft.outcome = { status: 'undecided', winners: [], reason: 'tied' };
    }),
    await is(
      'score-threshold',
      'a threshold, which the rule does not have',
      score,
      (draft) => (draft.rule.threshold = { num: 1, den: 2 }),
    ),
    await is('quorum-zero', 'a quorum of nothing', score, (draft) => (draft.rule.quorum = { num: 0, den: 1 })),
    await is('status-quo-unknown', 'an option that stays and is none', pairs, (draft) => (draft.rule.statusQuo = 'z')),
    await is('options-full', 'more than a hundred options, those proposed included', await crowd.end(), (draft) => {
      draft.options.push({ id: 'o99', title: 'One too many' });
    }),
    await whole(bench.workshop, 'score-status-quo-ignored', 'an option that stays means nothing under this rule', {
      predicate: await conspired(score, (draft) => (draft.rule.statusQuo = 'b')),
    }),
  ];
}

export async function shapes(bench: Bench): Promise<Vector[]> {
  const run = await bench.stories.discussed();
  const vetoed = await bench.stories.vetoed();
  const diverse = await bench.stories.diverse();
  const waved = await bench.stories.waved();
  const texts = (of: Run) => fromUtf8(payloadBytes(of.predicate));
  const is = async (name: string, what: string, of: Run, from: string | RegExp, to: string) => {
    const text = texts(of);
    const payload = text.replace(from, to);
    if (payload === text) throw new Error(`nothing to replace for ${name}`);
    return breach(bench, [`malformed-${name}`, what], of.predicate, [6, 'parse'], { payload: utf8(payload) });
  };
  const [question, ...others] = run.disclosures;
  const told = (name: string, what: string, disclosures: Run['disclosures'], step: StepName = 'subject') =>
    breach(bench, [`disclosure-${name}`, what], run.predicate, [6, step], { disclosures });
  const deep = (levels: number): unknown => (levels === 0 ? 0 : [deep(levels - 1)]);
  return [
    await is('tie', 'a policy for ties nobody knows', run, '"secrecy":', '"tie":"coin","secrecy":'),
    await is(
      'critique-option',
      'an option in a critique',
      run,
      '"phase":"critique"',
      '"option":{"id":"q","title":"q"},"phase":"critique"',
    ),
    await is(
      'text-alone',
      'a text without its option in a proposal',
      run,
      /"option":\{"id":"x","title":"A first idea"\},/,
      '',
    ),
    await is('phase', 'a phase of discussion nobody knows', run, '"phase":"critique"', '"phase":"praise"'),
    await is('two-critiques', 'two rounds of critique', run, '"critique":1', '"critique":2'),
    await is('veto-mute', 'a veto whose reason is white space', vetoed, '"It must not be."', '"\\u00a0 "'),
    await is('veto-roles', 'a veto for no role', vetoed, '"veto":{"roles":["chair"]}', '"veto":{"roles":[]}'),
    await is('families', 'a demand for no family', diverse, '"minFamilies":2', '"minFamilies":0'),
    await is('wave-empty', 'a wave of nobody', waved, /"voters":\["dan","eve"\]/, '"voters":[]'),
    await is('stop-cause', 'a stop for a cause nobody knows', waved, '"cause":"certain"', '"cause":"haste"'),
    await is(
      'choice-list',
      'a choice that is a list',
      run,
      /"ranking":\[\["x"\]\],"reason"/,
      '"choice":["x"],"reason"',
    ),
    await is(
      'tier-empty',
      'a tier without options',
      run,
      /"ranking":\[\["x"\]\],"reason"/,
      '"ranking":[["x"],[]],"reason"',
    ),
    await is(
      'algorithm',
      'a signature by an algorithm nobody knows',
      run,
      '"signature":{"algorithm":"ed25519"',
      '"signature":{"algorithm":"ed448"',
    ),
    await is('weight', 'a weight above a million', run, '"weight":1', '"weight":1000001'),
    await is('rounds-member', 'rounds with a member nobody knows', run, '"critique":1', '"critique":1,"vote":1'),
    await is(
      'calibration',
      'a calibration without a class of tasks',
      run,
      '"secrecy":',
      '"calibration":{"method":"beta"},"secrecy":',
    ),
    await told('of-silence', 'a disclosure of a contribution without a text', [
      { ...question!, path: '/discussion/1' },
    ]),
    await told('of-none', 'a disclosure of a contribution that is not there', [
      { ...others[0]!, path: '/discussion/9' },
    ]),
    await told('spelling', 'a place written with a leading zero', [{ ...others[0]!, path: '/discussion/00' }]),
    await told('exchanged', 'the text of another contribution', [{ ...others[0]!, path: others[1]!.path }]),
    await told('deep', 'a value of thirteen levels', [{ ...question!, value: deep(12) as never }], 'parse'),
    await told('twelve-levels', 'a value of twelve levels, which opens nothing', [
      { ...question!, value: deep(11) as never },
    ]),
    await breach(
      bench,
      ['statement-rounds-order', 'the members of a contribution in another order'],
      run.predicate,
      [6, 'subject'],
      {
        payload: utf8(
          texts(run)
            .replace(/\{"decisionId":("[^"]*"),"option"/, '{"option_":0,"decisionId":$1,"option"')
            .replace(/"option_":0,("decisionId":"[^"]*"),("option":\{[^}]*\})/, '$2,$1'),
        ),
      },
    ),
  ];
}
