/** Vectors of everything that may come before a vote, shape it or end it: all of them hold. */
import type { Predicate } from '@conclave/consensus-core';
import type { Course, Run } from './course.js';
import { TRUST, written, type Vector, type Workshop } from './workshop.js';

export const ranks = (...options: string[]) => ({ ranking: options.map((option) => [option]) });
export const yes = { vote: 'yes' } as const;
export const no = { vote: 'no' } as const;
export const abstains = { vote: 'abstain' } as const;
export const gate = { rule: { method: 'approval-gate' } } as const;
export const three = { ada: {}, bob: {}, cyd: {} };
const rounds = { propose: true, critique: 1 };
const proposal = (id: string, title = `Proposal ${id}`) => ({ id, title });

/** Everything that is called: an open vote by rankings, a discussion, a veto, waves. */
export interface Stories {
  readonly discussed: (secrecy?: 'open' | 'sealed') => Promise<Run>;
  readonly vetoed: () => Promise<Run>;
  readonly tiedSealed: (tie?: 'seeded' | 'status-quo') => Promise<Run>;
  readonly waved: () => Promise<Run>;
  readonly stopped: () => Promise<Run>;
  readonly diverse: () => Promise<Run>;
}

/** Decisions that the vectors of breaches spoil. */
export function storiesOf({ course }: Workshop): Stories {
  return {
    discussed: async (secrecy = 'open') => {
      const told = await course({ rounds, secrecy, options: [proposal('a')] }, three);
      await discuss(told);
      return secrecy === 'open' ? castAll(told) : sealedAll(told, ranks('x', 'a'), ranks('x'), ranks('a'));
    },
    vetoed: async () => {
      const told = await course({ veto: { roles: ['chair'] } }, { ...three, cyd: { roles: ['chair', 'scribe'] } });
      await told.cast('ada', ranks('a'));
      await told.veto('cyd');
      return told.end();
    },
    tiedSealed: async (tie = 'seeded') => {
      const statusQuo = tie === 'status-quo' ? { statusQuo: 'c' } : {};
      const told = await course({ secrecy: 'sealed', tie, ...statusQuo }, three);
      return sealedAll(told, ranks('a', 'b', 'c'), ranks('b', 'c', 'a'), ranks('c', 'a', 'b'));
    },
    waved: async () => {
      const told = await course(
        { ...gate, waves: true, earlyStop: 'certain' },
        { ...three, dan: { weight: 3 }, eve: { weight: 2 } },
      );
      await told.ask();
      await told.cast('dan', yes);
      await told.cast('eve', no);
      await told.ask();
      for (const name of told.decision.asked.at(-1)!.voters) await told.cast(name, yes);
      return told.end('certain');
    },
    stopped: async () => {
      const told = await course({ ...gate, earlyStop: 'certain' }, three);
      await told.cast('ada', yes);
      await told.cast('cyd', yes);
      return told.end('certain');
    },
    diverse: async () => {
      const told = await course(
        {
          ...gate,
          electorateRules: {
            minFamilies: 2,
            familyCap: { num: 2, den: 3 },
            voterCap: { num: 1, den: 3 },
            minRoles: [{ role: 'security', count: 1 }],
            excluded: ['mallory'],
          },
        },
        { ada: { family: 'north', roles: ['security'] }, bob: { family: 'north' }, cyd: { family: 'south' } },
      );
      await told.cast('ada', yes);
      await told.cast('cyd', yes);
      return told.end();
    },
  };
}

async function discuss(told: Course): Promise<void> {
  await told.say('ada', 'propose', proposal('x', 'A first idea'), 'It is the least that helps.');
  await told.say('bob', 'propose', proposal('y'));
  await told.say('cyd', 'propose');
  await told.next();
  await told.say('bob', 'critique', undefined, 'x says too little.\nWhat of errors?');
  await told.say('ada', 'critique');
  await told.next();
  await told.say('ada', 'revise', proposal('x', 'A better idea'), 'Errors are told.');
  await told.next();
}

async function castAll(told: Course): Promise<Run> {
  await told.cast('ada', ranks('x', 'a'), 'Mine.');
  await told.cast('bob', ranks('y', 'x'));
  await told.cast('cyd', ranks('x'));
  return told.end();
}

async function sealedAll(told: Course, ...said: { ranking: string[][] }[]): Promise<Run> {
  const names = ['ada', 'bob', 'cyd'];
  for (const [at, ballot] of said.entries()) await told.commit(names[at]!, ballot);
  await told.closeCommits();
  for (const [at, ballot] of said.entries()) await told.reveal(names[at]!, ballot);
  return told.end();
}

/** The receipt of a run as a vector that holds. */
export async function whole(
  { receipt }: Workshop,
  name: string,
  what: string,
  run: Pick<Run, 'predicate'> & Partial<Run>,
  more: Partial<Vector> = {},
): Promise<Vector> {
  const file = await receipt(run, { origin: run.predicate.origin, disclosures: run.disclosures ?? [] });
  return { name, what, bytes: written(file), trust: TRUST, exitCode: 0, ...more };
}

export async function protocolVectors(workshop: Workshop): Promise<Vector[]> {
  return [
    ...(await discussions(workshop)),
    ...(await vetoes(workshop)),
    ...(await ties(workshop)),
    ...(await electorates(workshop)),
    ...(await waves(workshop)),
    ...(await stops(workshop)),
    ...(await silences(workshop)),
  ];
}

const expectOutcome = (run: Run, reason: Predicate['outcome']['reason']): Run => {
  if (run.predicate.outcome.reason !== reason) throw new Error(`${run.predicate.outcome.reason}, not ${reason}`);
  return run;
};

async function discussions(workshop: Workshop): Promise<Vector[]> {
  const { course } = workshop;
  const { discussed } = storiesOf(workshop);
  const proposing = await course({ rounds: { propose: true }, rule: { method: 'plurality' } }, three);
  await proposing.say('ada', 'propose', proposal('d'));
  await proposing.next();
  await proposing.cast('ada', { choice: 'd' });
  await proposing.cast('bob', { choice: 'd' });
  const critical = await course({ rounds: { critique: 1 }, gates: ['tests'] }, three);
  await critical.report('tests', 'green');
  await critical.say('ada', 'critique', undefined, 'All are weak.');
  await critical.next();
  await critical.say('bob', 'revise');
  await critical.next();
  await critical.cast('ada', ranks('b'));
  const none = await course({ rounds: {} }, three);
  await none.cast('ada', ranks('b'));
  const open = await discussed();
  const { disclosures: _none, ...bare } = open;
  return [
    await whole(workshop, 'rounds', 'proposals, critique, a revision, then a vote on the frozen options', open),
    await whole(workshop, 'rounds-redacted', 'the same receipt without any text', bare),
    await whole(workshop, 'rounds-partly-redacted', 'the same receipt with one text left out', {
      ...open,
      disclosures: open.disclosures.toSpliced(1, 1),
    }),
    await whole(
      workshop,
      'rounds-sealed',
      'rounds, then commitments over the frozen options',
      await discussed('sealed'),
    ),
    await whole(workshop, 'rounds-propose', 'proposals without a critique', await proposing.end()),
    await whole(
      workshop,
      'rounds-critique',
      'a critique without proposals, and a gate that reported early',
      await critical.end(),
    ),
    await whole(workshop, 'rounds-none', 'rounds that name no phase are none', await none.end()),
  ];
}

async function vetoes(workshop: Workshop): Promise<Vector[]> {
  const { course } = workshop;
  const veto = { roles: ['chair'] };
  const panel = { ...three, cyd: { roles: ['chair'] } };
  const ofGate = await course({ ...gate, veto }, panel);
  await ofGate.cast('ada', yes);
  await ofGate.veto('cyd');
  const early = await course({ veto, rounds, secrecy: 'sealed' }, panel);
  await early.say('ada', 'propose', proposal('x'));
  await early.veto('cyd');
  const revising = await course({ veto, rounds }, panel);
  await revising.say('ada', 'propose', proposal('x'));
  await revising.next();
  await revising.next();
  await revising.veto('cyd');
  const committing = await course({ veto, secrecy: 'sealed' }, panel);
  await committing.commit('ada', ranks('a'));
  await committing.veto('cyd');
  const unused = await course({ veto }, panel);
  await unused.cast('cyd', ranks('a'));
  return [
    await whole(
      workshop,
      'veto',
      'a veto ends a vote; nothing wins',
      expectOutcome(await storiesOf(workshop).vetoed(), 'vetoed'),
    ),
    await whole(
      workshop,
      'veto-of-gate',
      'a veto of an approval rejects it',
      expectOutcome(await ofGate.end(), 'vetoed'),
    ),
    await whole(workshop, 'veto-in-proposals', 'a veto before any later window began', await early.end()),
    await whole(workshop, 'veto-in-revision', 'a veto when two windows were over', await revising.end()),
    await whole(workshop, 'veto-in-commits', 'a veto that leaves a commitment unrevealed', await committing.end()),
    await whole(
      workshop,
      'veto-unused',
      'nobody made use of the veto',
      expectOutcome(await unused.end(), 'most-preferred'),
    ),
  ];
}

async function ties(workshop: Workshop): Promise<Vector[]> {
  const { course } = workshop;
  const { tiedSealed } = storiesOf(workshop);
  const plain = async (terms: Parameters<typeof course>[0]) => {
    const told = await course(terms, { ada: {}, bob: {} });
    await told.cast('ada', ranks('a', 'b', 'c'));
    await told.cast('bob', ranks('b', 'a', 'c'));
    return told.end();
  };
  const seeded = async (...names: string[]) => {
    const told = await course(
      { secrecy: 'sealed', tie: 'seeded', rule: { method: 'plurality' } },
      Object.fromEntries([...names, 'zoe'].map((name) => [name, {}])),
    );
    for (const name of names) await told.commit(name, { choice: name === names[0] ? 'a' : 'c' }, `I am ${name}.`);
    await told.closeCommits();
    for (const name of names) await told.reveal(name, { choice: name === names[0] ? 'a' : 'c' }, `I am ${name}.`);
    return told.end();
  };
  return [
    await whole(workshop, 'tie-none', 'a tie without a policy stays tied', expectOutcome(await plain({}), 'tied')),
    await whole(
      workshop,
      'tie-no-decision',
      'the policy that says so',
      expectOutcome(await plain({ tie: 'no-decision' }), 'tied'),
    ),
    await whole(
      workshop,
      'tie-status-quo',
      'a tie leaves the terms’ option standing',
      expectOutcome(await plain({ tie: 'status-quo', statusQuo: 'c' }), 'tie-status-quo'),
    ),
    await whole(
      workshop,
      'tie-status-quo-of-rule',
      'a tie leaves the rule’s option standing',
      expectOutcome(await plain({ tie: 'status-quo', rule: { method: 'schulze', statusQuo: 'c' } }), 'tie-status-quo'),
    ),
    await whole(
      workshop,
      'tie-status-quo-of-both',
      'the terms’ option goes before the rule’s',
      expectOutcome(
        await plain({ tie: 'status-quo', statusQuo: 'b', rule: { method: 'schulze', statusQuo: 'c' } }),
        'tie-status-quo',
      ),
    ),
    await whole(
      workshop,
      'tie-seeded',
      'a cycle of three, broken by the seed',
      expectOutcome(await tiedSealed(), 'tie-seeded'),
    ),
    await whole(
      workshop,
      'tie-seeded-two',
      'two options, broken by the seed',
      expectOutcome(await seeded('bob', 'ada'), 'tie-seeded'),
    ),
    await whole(
      workshop,
      'tie-seeded-others',
      'the same options, and other commitments',
      expectOutcome(await seeded('dan', 'cyd'), 'tie-seeded'),
    ),
    await whole(
      workshop,
      'tie-sealed-status-quo',
      'a tie of a sealed vote that leaves an option standing',
      expectOutcome(await tiedSealed('status-quo'), 'tie-status-quo'),
    ),
    await whole(
      workshop,
      'tie-broken-by-none',
      'a policy for ties, and no tie',
      expectOutcome(
        await (async () => {
          const told = await course({ tie: 'status-quo', statusQuo: 'c' }, three);
          await told.cast('ada', ranks('a'));
          return told.end();
        })(),
        'most-preferred',
      ),
    ),
  ];
}

async function electorates(workshop: Workshop): Promise<Vector[]> {
  const { course } = workshop;
  const { diverse } = storiesOf(workshop);
  const lacking = async (
    electorateRules: object,
    sketches: Parameters<typeof course>[1],
    ...said: (readonly [string, 'yes' | 'no' | 'abstain'])[]
  ) => {
    const told = await course({ ...gate, electorateRules }, sketches);
    for (const [name, vote] of said) await told.cast(name, { vote }, 'For a reason.');
    return told.end();
  };
  const families = { ada: { family: 'north' }, bob: { family: 'north' }, cyd: { family: 'south' } };
  const roles = { ada: { roles: ['security', 'qa'] }, bob: { roles: ['qa'] } };
  return [
    await whole(workshop, 'electorate', 'families, caps met exactly, roles, somebody excluded', await diverse()),
    await whole(
      workshop,
      'electorate-one-family',
      'all of one family were counted where two are demanded',
      expectOutcome(
        await lacking({ minFamilies: 2 }, families, ['ada', 'yes'], ['bob', 'yes'], ['cyd', 'abstain']),
        'too-few-families',
      ),
    ),
    await whole(
      workshop,
      'electorate-role-abstained',
      'who has the role abstained',
      expectOutcome(
        await lacking({ minRoles: [{ role: 'security', count: 1 }] }, roles, ['ada', 'abstain'], ['bob', 'yes']),
        'role-missing',
      ),
    ),
    await whole(
      workshop,
      'electorate-two-of-role',
      'two of a role are demanded and were counted',
      expectOutcome(
        await lacking(
          {
            minRoles: [
              { role: 'qa', count: 2 },
              { role: 'security', count: 1 },
            ],
          },
          roles,
          ['ada', 'yes'],
          ['bob', 'no'],
        ),
        'threshold-missed',
      ),
    ),
    await whole(
      workshop,
      'electorate-no-quorum-first',
      'nobody was counted: the quorum is told, not the families',
      expectOutcome(await lacking({ minFamilies: 2 }, families, ['ada', 'abstain']), 'all-abstained'),
    ),
    await whole(
      workshop,
      'calibrated-beta',
      'weights that were earned by a record of outcomes',
      await (async () => {
        const told = await course(
          { ...gate, calibration: { method: 'beta', taskClass: 'code-review' } },
          { ada: { weight: 812 }, bob: { weight: 1_000 }, cyd: { weight: 250 } },
        );
        await told.cast('ada', yes);
        await told.cast('bob', no);
        await told.cast('cyd', yes);
        return told.end();
      })(),
    ),
    await whole(
      workshop,
      'calibrated-dawid-skene',
      'weights by estimated errors, at both ends of their range',
      await (async () => {
        const told = await course(
          { rule: { method: 'score', variant: 'sum' }, calibration: { method: 'dawid-skene', taskClass: 'triage' } },
          { ada: { weight: 1_000_000 }, bob: { weight: 1 } },
        );
        await told.cast('ada', { score: { a: 1_000, b: 999 } });
        await told.cast('bob', { score: { c: 1_000 } });
        return told.end();
      })(),
    ),
  ];
}

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

async function waves(workshop: Workshop): Promise<Vector[]> {
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
  return [
    await whole(workshop, 'waves', 'a second wave, because the first disagreed', await waved()),
    ...all,
    await whole(workshop, 'waves-deadline', 'who was asked did not answer in time', await late.end()),
    await whole(
      workshop,
      'waves-veto-first',
      'who may veto is asked first, before the heaviest',
      await chaired.end('certain'),
    ),
    await whole(workshop, 'waves-proposed', 'waves over options that were proposed', await proposed.end('certain')),
    await whole(workshop, 'waves-nobody', 'nobody was asked before the close', await idle.end()),
  ];
}

async function stops(workshop: Workshop): Promise<Vector[]> {
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

async function silences(workshop: Workshop): Promise<Vector[]> {
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
