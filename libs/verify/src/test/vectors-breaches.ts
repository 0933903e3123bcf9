/**
 * Vectors of what an insider might sign about the newer protocol: rounds, vetoes, ties, electorates, waves, early stops.
 * Where voters would have had to sign it, they did: only what the step is for is wrong.
 */
import type { Predicate } from '@conclave/consensus-core';
import { breach, FORGED, RECOUNTED, restated, spoken, swapped, zeroes, type Bench, type Edit } from './breach.js';
import { changed, conspired, type Draft, type Run } from './course.js';
import { gate, ranks, storiesOf, three, yes } from './stories.js';
import { counts, shapes } from './vectors-recounts.js';
import { reveals } from './vectors-reveals.js';
import type { Vector, Workshop } from './workshop.js';

export async function breachVectors(workshop: Workshop): Promise<Vector[]> {
  const bench: Bench = { workshop, stories: storiesOf(workshop) };
  return [
    ...(await rounds(bench)),
    ...(await windows(bench)),
    ...(await vetoes(bench)),
    ...(await terms(bench)),
    ...(await electorates(bench)),
    ...(await waves(bench)),
    ...(await stops(bench)),
    ...(await counts(bench)),
    ...(await reveals(bench)),
    ...(await shapes(bench)),
  ];
}

async function rounds(bench: Bench): Promise<Vector[]> {
  const run = await bench.stories.discussed();
  const sealed = await bench.stories.discussed('sealed');
  const is = async (name: string, what: string, edit: Edit) =>
    breach(bench, [`rounds-${name}`, what], await conspired(run, edit));
  const unsigned = (name: string, what: string, edit: Edit, of: Run = run) =>
    breach(bench, [`rounds-${name}`, what], changed(of, edit), FORGED);
  return [
    await unsigned(
      'signature',
      'a proposal with a signature of zeroes',
      (draft) => (spoken(draft, 0).signature = zeroes),
    ),
    await unsigned(
      'title',
      'a proposal its author did not sign',
      (draft) => (spoken(draft, 0).contribution.option!.title = 'Mine'),
    ),
    await unsigned(
      'text',
      'another text than was signed',
      (draft) => (spoken(draft, 3).contribution.textSha256 = 'ab'.repeat(32)),
    ),
    await unsigned('agenda', 'ballots over other options: a revision left out', (draft) => {
      draft.discussion!.splice(5, 1);
    }),
    await unsigned(
      'commit-agenda',
      'commitments over other options',
      (draft) => draft.discussion!.splice(5, 1),
      sealed,
    ),
    await is(
      'stranger',
      'a proposal by somebody outside the electorate',
      (draft) => (spoken(draft, 2).contribution.voterId = 'eve'),
    ),
    await is(
      'foreign',
      'a proposal for another decision',
      (draft) => (spoken(draft, 2).contribution.decisionId = 'dec_other'),
    ),
    await is('twice', 'a voter who proposed twice', (draft) => (spoken(draft, 2).contribution.voterId = 'bob')),
    await is(
      'option-taken',
      'a proposal with the name of an option of the terms',
      (draft) => (spoken(draft, 1).contribution.option!.id = 'a'),
    ),
    await is(
      'option-taken-again',
      'a proposal with the name of another proposal',
      (draft) => (spoken(draft, 1).contribution.option!.id = 'x'),
    ),
    await is(
      'not-the-author',
      'a revision of another voter’s proposal',
      (draft) => (spoken(draft, 5).contribution.option!.id = 'y'),
    ),
    await is(
      'no-proposal',
      'a revision by somebody who proposed nothing',
      (draft) => (spoken(draft, 5).contribution.voterId = 'cyd'),
    ),
    await is('late-proposal', 'a proposal after the proposals were closed', (draft) => {
      draft.window.proposalsClosed = spoken(draft, 2).seq;
      spoken(draft, 2).seq += 1;
    }),
    await is('early-critique', 'a critique while proposals were made', (draft) => {
      draft.window.proposalsClosed = spoken(draft, 3).seq;
      spoken(draft, 3).seq -= 1;
    }),
    await is('late-critique', 'a critique among the revisions', (draft) => {
      draft.window.critiquesClosed = spoken(draft, 4).seq;
      spoken(draft, 4).seq += 1;
    }),
    await is('late-revision', 'a revision after the options were frozen', (draft) => {
      draft.window.frozen = spoken(draft, 5).seq;
      spoken(draft, 5).seq += 1;
    }),
    await is('order', 'contributions that are not in the order of the log', (draft) => {
      swapped(draft, spoken(draft, 3).seq, spoken(draft, 4).seq);
    }),
    await is('phase-missing', 'a critique in a decision that has none', (draft) => {
      draft.rounds = { propose: true };
      delete draft.window.proposalsClosed;
      delete draft.window.critiquesClosed;
    }),
    await is('early-ballot', 'a ballot before the options were frozen', (draft) => {
      const statement = draft.ballots[0]!.statements[0]!;
      [statement.seq, draft.window.frozen] = [draft.window.frozen!, statement.seq];
    }),
    await is('option-unknown', 'a ballot for an option nobody proposed', (draft) => {
      draft.ballots[2]!.statements[0]!.ballot!.ranking = [['z']];
    }),
    await breach(
      bench,
      ['rounds-over-the-terms', 'ballots over the terms alone, where options were frozen'],
      await overTerms(run),
      FORGED,
    ),
  ];
}

/** The ballots of a discussed decision as if there had been no discussion to sign over. */
async function overTerms(run: Run): Promise<Predicate> {
  const predicate = changed(run, () => undefined);
  const plain = await conspired(run, (draft) => (draft.rounds = {}));
  const bare = await conspired({ ...run, predicate: { ...plain, rounds: predicate.rounds! } }, () => undefined);
  return changed({ ...run, predicate: bare }, (draft) => {
    draft.ballots = structuredClone(plain.ballots) as Draft['ballots'];
  });
}

async function windows(bench: Bench): Promise<Vector[]> {
  const run = await bench.stories.discussed();
  const sealed = await bench.stories.tiedSealed();
  const is = async (name: string, what: string, edit: Edit, of: Run = run) =>
    breach(bench, [`windows-${name}`, what], await conspired(of, edit));
  return [
    await is('frozen-missing', 'rounds, and the options never frozen', (draft) => delete draft.window.frozen),
    await is(
      'proposals-open',
      'a critique, and the proposals never closed',
      (draft) => delete draft.window.proposalsClosed,
    ),
    await is(
      'frozen-foreign',
      'options frozen in a decision without rounds',
      (draft) => (draft.window.frozen = 2),
      sealed,
    ),
    await is(
      'critiques-foreign',
      'critiques closed in a decision without any',
      (draft) => (draft.window.critiquesClosed = 2),
      sealed,
    ),
    await is('commits-foreign', 'commitments closed in an open decision', (draft) => {
      draft.window.commitsClosed = draft.window.closed;
      draft.window.closed += 1;
      draft.window.ended += 1;
    }),
    await is('order', 'the options frozen before the critiques were closed', (draft) => {
      const { critiquesClosed, frozen } = draft.window;
      Object.assign(draft.window, { critiquesClosed: frozen, frozen: critiquesClosed });
    }),
    await is('opened', 'a decision that opened with its second event', (draft) => (draft.window.opened = 2), sealed),
    await is(
      'contribution-seq',
      'a contribution with the number of another event',
      (draft) => (spoken(draft, 4).seq = spoken(draft, 3).seq),
    ),
  ];
}

async function vetoes(bench: Bench): Promise<Vector[]> {
  const run = await bench.stories.vetoed();
  const is = async (name: string, what: string, edit: Edit) =>
    breach(bench, [`veto-${name}`, what], await conspired(run, edit));
  const chair = { roles: ['chair'] };
  const early = await bench.workshop.course({ veto: chair, rounds: { propose: true, critique: 1 } }, { ada: chair });
  await early.say('ada', 'propose');
  await early.next();
  await early.next();
  await early.veto('ada');
  const revising = await early.end();
  return [
    await breach(
      bench,
      ['veto-signature', 'a veto with a signature of zeroes'],
      changed(run, (draft) => (draft.vetoed!.signature = zeroes)),
      FORGED,
    ),
    await breach(
      bench,
      ['veto-reason', 'a veto with a reason its voter did not write'],
      changed(run, (draft) => (draft.vetoed!.veto.reason = 'Never.')),
      FORGED,
    ),
    await is('without-role', 'a veto by a voter without the role', (draft) => (draft.vetoed!.veto.voterId = 'ada')),
    await is('stranger', 'a veto by somebody outside the electorate', (draft) => (draft.vetoed!.veto.voterId = 'eve')),
    await is('foreign', 'a veto of another decision', (draft) => (draft.vetoed!.veto.decisionId = 'dec_other')),
    await is('not-in-terms', 'a veto under terms that know none', (draft) => delete draft.veto),
    await is('other-role', 'terms that give the veto to another role of another voter', (draft) => {
      draft.veto = { roles: ['owner'] };
      draft.electorate[0]!.roles = ['owner'];
    }),
    await is('place', 'a veto that is not where the vote ended', (draft) => (draft.vetoed!.seq -= 1)),
    await breach(
      bench,
      ['veto-window-hole', 'a veto, and a window missing before one that is there'],
      await conspired(revising, (draft) => delete draft.window.proposalsClosed),
    ),
    await breach(bench, ['veto-dropped', 'a veto left out'], await conspired(revising, (draft) => delete draft.vetoed)),
    await breach(
      bench,
      ['veto-ignored', 'a veto that did not reject'],
      changed(run, (draft) => {
        draft.phase = 'sealed';
        draft.outcome = { status: 'decided', winners: ['a'], reason: 'most-preferred' };
      }),
      RECOUNTED,
    ),
  ];
}

async function terms(bench: Bench): Promise<Vector[]> {
  const { course } = bench.workshop;
  const ranked = await course({}, three);
  await ranked.cast('ada', ranks('a'));
  const open = await ranked.end();
  const asked = await course(gate, three);
  await asked.cast('ada', yes);
  const gated = await asked.end();
  const sealed = await bench.stories.tiedSealed();
  const is = async (name: string, what: string, edit: Edit, of: Run = open) =>
    breach(bench, [`terms-${name}`, what], await conspired(of, edit));
  return [
    await is('gate-rounds', 'rounds under an approval gate', (draft) => (draft.rounds = {}), gated),
    await is('gate-tie', 'a policy for ties under an approval gate', (draft) => (draft.tie = 'no-decision'), gated),
    await is('status-quo-alone', 'an option that stays, without the policy', (draft) => (draft.statusQuo = 'a')),
    await is('status-quo-unknown', 'an option that stays and is none', (draft) =>
      Object.assign(draft, { tie: 'status-quo', statusQuo: 'z' }),
    ),
    await is('status-quo-missing', 'the policy without an option that stays', (draft) => (draft.tie = 'status-quo')),
    await is('seeded-open', 'a seeded tie in an open decision', (draft) => (draft.tie = 'seeded')),
    await is('waves-alone', 'waves without an early stop', (draft) => (draft.waves = true)),
    await is(
      'early-stop-sealed',
      'an early stop of a sealed decision',
      (draft) => (draft.earlyStop = 'certain'),
      sealed,
    ),
    await is('veto-of-nobody', 'a veto for a role that nobody has', (draft) => (draft.veto = { roles: ['chair'] })),
  ];
}

async function electorates(bench: Bench): Promise<Vector[]> {
  const run = await bench.stories.diverse();
  const is = async (name: string, what: string, edit: Edit) =>
    breach(bench, [`electorate-${name}`, what], await conspired(run, edit));
  const rules = (draft: Draft) => draft.electorateRules!;
  return [
    await is('cap-zero', 'a cap of nothing', (draft) => (rules(draft).familyCap = { num: 0, den: 1 })),
    await is('cap-above-one', 'a cap of more than the whole', (draft) => (rules(draft).voterCap = { num: 3, den: 2 })),
    await is('voter-cap', 'a voter with more weight than the cap', (draft) => (draft.electorate[0]!.weight = 2)),
    await is(
      'family-cap',
      'a family with more weight than the cap',
      (draft) => (rules(draft).familyCap = { num: 1, den: 2 }),
    ),
    await is('families', 'fewer families than are demanded', (draft) => (rules(draft).minFamilies = 3)),
    await is('roles', 'fewer voters of a role than are demanded', (draft) => (rules(draft).minRoles![0]!.count = 2)),
    await is('excluded', 'a voter who may not sit', (draft) => (rules(draft).excluded = ['bob'])),
    await breach(
      bench,
      ['electorate-shortfall-ignored', 'families that were not counted, and a decision all the same'],
      await conspired(run, (draft) => {
        draft.ballots.splice(1, 1);
        draft.ballots[0]!.statements[0]!.seq = 2;
        draft.window = { opened: 1, closed: 3, ended: 4 };
        restated(draft);
        draft.phase = 'sealed';
        draft.outcome = { status: 'approved', winners: ['approved'], reason: 'threshold-met' };
      }),
      RECOUNTED,
    ),
  ];
}

async function waves(bench: Bench): Promise<Vector[]> {
  const run = await bench.stories.waved();
  const is = async (name: string, what: string, edit: Edit, of: Run = run) =>
    breach(bench, [`waves-${name}`, what], await conspired(of, edit));
  const idle = await bench.workshop.course({ ...gate, waves: true, earlyStop: 'certain' }, three);
  await idle.ask();
  await idle.cast(idle.decision.asked[0]!.voters[0]!, yes);
  const late = await idle.end();
  return [
    await is(
      'others',
      'other voters asked than follow from the weights',
      (draft) => (draft.asked![1]!.voters[0] = 'cyd'),
    ),
    await is('order', 'the right voters in another order', (draft) => draft.asked![0]!.voters.reverse()),
    await is('more', 'one voter more than could settle it', (draft) => draft.asked![0]!.voters.push('ada')),
    await is('early', 'a wave while somebody who was asked had not spoken', (draft) => {
      const second = draft.asked![1]!;
      swapped(draft, second.seq, second.seq - 1);
    }),
    await is('not-asked', 'a ballot of somebody who was never asked', (draft) => draft.asked!.pop()),
    await is('too-early', 'a ballot before its voter was asked', (draft) => {
      const seq = draft.asked![1]!.seq;
      swapped(draft, seq, seq + 1);
    }),
    await is('none', 'waves in a decision that asks everybody at once', (draft) => {
      delete draft.waves;
    }),
    await is('settled', 'a wave when the ballots had settled it', (draft) => {
      draft.asked!.push({ seq: draft.window.closed, voters: ['cyd'] });
      draft.window.closed += 1;
      draft.window.ended += 1;
      delete draft.stopped;
      delete draft.cost;
    }),
    await is('after', 'a wave when the vote was closed', (draft) => {
      draft.asked!.push({ seq: draft.window.ended, voters: ['cyd'] });
      draft.window.ended += 1;
    }),
    await is('seq', 'a wave with the number of another event', (draft) => (draft.asked![0]!.seq = 3), late),
  ];
}

async function stops(bench: Bench): Promise<Vector[]> {
  const run = await bench.stories.waved();
  const plain = await bench.stories.stopped();
  const is = async (name: string, what: string, edit: Edit, of: Run = run) =>
    breach(bench, [`stop-${name}`, what], await conspired(of, edit));
  return [
    await is('spared-others', 'other voters told as spared', (draft) => (draft.stopped!.notAsked = [])),
    await is('cost', 'another number of voters spared', (draft) => (draft.cost!.skippedByEarlyStop += 1)),
    await is('cost-missing', 'no number of voters spared', (draft) => delete draft.cost),
    await is('cost-alone', 'a number of voters spared, and no stop', (draft) => delete draft.stopped),
    await is(
      'spared-unasked',
      'voters told as spared in a decision without waves',
      (draft) => (draft.stopped!.notAsked = ['bob']),
      plain,
    ),
    await is('not-in-terms', 'a stop under terms that know none', (draft) => (draft.earlyStop = 'off'), plain),
    await is(
      'uncertain',
      'a stop while one voter could still change it',
      (draft) => {
        draft.electorate[1]!.weight = 3;
        restated(draft);
      },
      plain,
    ),
    await is(
      'veto-possible',
      'a stop while one voter could still veto',
      (draft) => {
        draft.veto = { roles: ['chair'] };
        draft.electorate[1]!.roles = ['chair'];
      },
      plain,
    ),
    await is(
      'gate-silent',
      'a stop while a gate had not reported',
      (draft) => {
        draft.gates = ['tests'];
        restated(draft);
      },
      plain,
    ),
  ];
}
