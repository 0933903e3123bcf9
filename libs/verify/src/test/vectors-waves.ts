/** Vectors of decisions that end before everybody has spoken: waves, early stops, silent voters. All of them hold. */
import { seededOrder } from '@conclave/consensus-core';
import { abstains, gate, no, proposal, ranks, storiesOf, three, whole, yes } from './stories.js';
import type { Run } from './course.js';
import type { Vector, Workshop } from './workshop.js';

const wavedRules: readonly (readonly [string, object, object, object])[] = [
  ['plurality', { method: 'plurality' }, { choice: 'a' }, { choice: 'b' }],
  ['plurality-threshold', { method: 'plurality', threshold: { num: 2, den: 3 } }, { choice: 'a' }, { choice: 'b' }],
  ['approval', { method: 'approval' }, { approve: ['a'] }, { approve: ['b', 'a'] }],
  ['borda', { method: 'borda' }, ranks('a'), ranks('b', 'a')],
  ['irv', { method: 'irv' }, ranks('a'), ranks('b')],
  ['schulze', { method: 'schulze' }, ranks('a'), ranks('b')],
  ['schulze-status-quo', { method: 'schulze', statusQuo: 'c', threshold: { num: 3, den: 4 } }, ranks('a'), ranks('c')],
  ['ranked-pairs', { method: 'ranked-pairs' }, ranks('a'), ranks('b')],
  ['score-sum', { method: 'score', variant: 'sum' }, { score: { a: 1_000 } }, { score: { b: 400 } }],
  ['score-median', { method: 'score' }, { score: { a: 1_000 } }, { score: { b: 400 } }],
  ['gate', { method: 'approval-gate', threshold: { num: 2, den: 3 } }, yes, no],
  ['gate-unanimous', { method: 'approval-gate', variant: 'unanimous' }, yes, no],
  ['gate-quorum', { method: 'approval-gate', quorum: { num: 4, den: 5 }, minVoters: 4 }, yes, no],
];

export async function waves(workshop: Workshop): Promise<Vector[]> {
  const { course } = workshop;
  const { waved } = storiesOf(workshop);
  const seven = Object.fromEntries(
    ['ada', 'bob', 'cyd', 'dan', 'eve', 'fay', 'gus'].map((name, at) => [name, { weight: [1, 3, 2, 2, 1, 2, 1][at]! }]),
  );
  const all: Vector[] = [];
  for (const [name, rule, most, other] of wavedRules) {
    const told = await course({ rule: rule as never, waves: true, earlyStop: 'certain' }, seven);
    let dissented = false;
    for (let wave = 0; wave < 7; wave++) {
      const before = told.decision.asked.length;
      await told.ask().catch(() => undefined);
      if (told.decision.asked.length === before) break;
      for (const voter of told.decision.asked.at(-1)!.voters) {
        await told.cast(voter, dissented ? most : other);
        dissented = true;
      }
    }
    const run = await told.end('certain').catch(() => told.end());
    all.push(await whole(workshop, `waves-of-${name}`, `waves under ${name}, the first voter of another mind`, run));
  }
  const late = await course({ ...gate, waves: true, earlyStop: 'certain' }, three);
  await late.ask();
  await late.cast(late.decision.asked[0]!.voters[0]!, yes);
  const chaired = await course(
    { ...gate, waves: true, earlyStop: 'certain', veto: { roles: ['chair'] } },
    { ...three, dan: { weight: 9 }, eve: { roles: ['chair'] } },
  );
  await chaired.ask();
  for (const name of chaired.decision.asked[0]!.voters) await chaired.cast(name, yes);
  const proposed = await course({ rounds: { propose: true }, waves: true, earlyStop: 'certain' }, three);
  await proposed.say('bob', 'propose', proposal('z'));
  await proposed.next();
  await proposed.ask();
  for (const name of proposed.decision.asked[0]!.voters) await proposed.cast(name, ranks('z'));
  const idle = await course({ ...gate, waves: true, earlyStop: 'certain' }, three);
  const cutShort = await late.end();
  const at = { trust: 'trust-waves-finished.json' };
  const refused = { ...at, exitCode: 9, step: 'policy' } as const;
  const off = await course({ ...gate, earlyStop: 'off' }, three);
  await off.cast('ada', yes);
  const silent = await course({ ...gate, waves: true, earlyStop: 'certain' }, three);
  await silent.ask();
  const [first, second] = silent.decision.asked[0]!.voters;
  await silent.cast(first!, yes);
  await silent.cast(second!, no);
  await silent.ask();
  return [
    await whole(workshop, 'waves-demanded-certain', 'stopped because certain: waves are finished', await waved(), at),
    await whole(
      workshop,
      'waves-demanded-without',
      'everybody was asked at once: waves are finished',
      await off.end(),
      at,
    ),
    await whole(workshop, 'waves-demanded-cut-short', 'closed after a wave that settled nothing', cutShort, refused),
    await whole(workshop, 'waves-demanded-all', 'all were asked, and the last did not answer', await silent.end(), at),
    await whole(workshop, 'waves', 'a second wave, because the first disagreed', await waved()),
    ...all,
    await whole(workshop, 'waves-deadline', 'who was asked did not answer in time', cutShort),
    await whole(
      workshop,
      'waves-veto-first',
      'who may veto is asked first, before the heaviest',
      await chaired.end('certain'),
    ),
    await whole(workshop, 'waves-proposed', 'waves over options that were proposed', await proposed.end('certain')),
    await whole(
      workshop,
      'waves-share-of-steps',
      'who is ahead, among many tie orders, is asked within a share of the steps only',
      await crowdedWave(workshop),
    ),
    await whole(workshop, 'waves-nobody', 'nobody was asked before the close', await idle.end()),
  ];
}

/** Three disagree about so much that a count finds their winners only in more than a 41st of its steps. */
async function crowdedWave({ course }: Workshop): Promise<Run> {
  const options = Array.from({ length: 24 }, (_, at) => ({
    ...{ id: `o${String(at).padStart(2, '0')}`, title: `Proposal ${at}` },
  }));
  const heavy = ['ada', 'bob', 'cyd'];
  const crowd = Array.from({ length: 38 }, (_, at) => `voter${at}`);
  const electorate = Object.fromEntries([
    ...heavy.map((name) => [name, { weight: 30 }] as const),
    ...crowd.map((name) => [name, {}] as const),
  ]);
  const terms = { options, rule: { method: 'ranked-pairs' }, waves: true, earlyStop: 'certain' } as const;
  const told = await course(terms, electorate);
  await told.ask();
  for (const [by, name] of heavy.entries()) {
    const order = seededOrder(
      `0 ${by}`,
      options.map(({ id }) => id),
    );
    await told.cast(name, ranks(...order));
  }
  await told.ask();
  return told.end();
}

export async function stops(workshop: Workshop): Promise<Vector[]> {
  const { course } = workshop;
  const red = await course({ ...gate, earlyStop: 'certain', gates: ['tests', 'scan'] }, three);
  await red.report('tests', 'red');
  const gated = await course({ ...gate, earlyStop: 'certain', gates: ['tests'] }, three);
  await gated.cast('ada', no);
  await gated.cast('bob', no);
  await gated.report('tests', 'green');
  const off = await course({ ...gate, earlyStop: 'off' }, three);
  await off.cast('ada', yes);
  return [
    await whole(
      workshop,
      'stop',
      'two of three agree; the third cannot change it',
      await storiesOf(workshop).stopped(),
    ),
    await whole(
      workshop,
      'stop-red',
      'a red gate makes the end certain, though another never reported',
      await red.end('certain'),
    ),
    await whole(workshop, 'stop-gated', 'settled ballots, and all gates have reported', await gated.end('certain')),
    await whole(workshop, 'stop-off', 'early stop is off', await off.end()),
  ];
}

export async function silences(workshop: Workshop): Promise<Vector[]> {
  const { course } = workshop;
  const direct = await course({ secrecy: 'sealed' }, three);
  await direct.commit('ada', ranks('a'));
  await direct.cast('bob', abstains, 'Not my field.');
  await direct.closeCommits();
  await direct.reveal('ada', ranks('a'));
  const hidden = await course({ secrecy: 'sealed', ...gate }, three);
  await hidden.commit('ada', abstains, 'I wrote it.');
  await hidden.commit('bob', yes);
  await hidden.closeCommits();
  await hidden.reveal('ada', abstains, 'I wrote it.');
  await hidden.reveal('bob', yes);
  const twice = await course({ secrecy: 'sealed' }, three);
  await twice.commit('ada', ranks('a'));
  await twice.commit('ada', ranks('b'));
  await twice.commit('bob', ranks('b'));
  await twice.cast('cyd', abstains, 'No view.');
  await twice.commit('cyd', ranks('c'));
  await twice.closeCommits();
  await twice.reveal('bob', ranks('b'));
  return [
    await whole(workshop, 'abstained-openly', 'an abstention of a sealed vote needs no commitment', await direct.end()),
    await whole(workshop, 'abstained-sealed', 'an abstention that was committed to', await hidden.end()),
    await whole(
      workshop,
      'void-commitments',
      'two commitments, and an abstention with a commitment: both void',
      await twice.end(),
    ),
  ];
}
