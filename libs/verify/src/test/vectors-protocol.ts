/** Vectors of everything that may come before a vote, shape it or end it: all of them hold. */
import type { Predicate } from '@conclave/consensus-core';
import type { Run } from './course.js';
import { gate, no, proposal, ranks, rounds, storiesOf, three, whole, yes } from './stories.js';
import { silences, stops, waves } from './vectors-waves.js';
import type { Vector, Workshop } from './workshop.js';

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
