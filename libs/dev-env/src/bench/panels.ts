/**
 * What a panel is worth beside one juror: how often it agrees with the truth, and how many calls that costs.
 *
 * Jurors are synthetic, the seed is fixed, and nothing is measured by the clock, so every machine comes to the same
 * figures. A juror is right with a set probability; a pair of jurors has a set correlation: with probability √ρ a juror
 * takes the answer that is in the air for this question, right or wrong, instead of finding its own.
 */
import {
  cannotBeOverturned,
  NO_RECORD,
  tally,
  weightOfRecord,
  withOutcome,
  type Method,
} from '@conclave/consensus-core';
import type { Case } from './report.js';

const QUESTIONS = 2_000;
const OPTIONS = ['A', 'B', 'C', 'D'];
const VERDICTS = ['approved', 'rejected'];

/** Every juror's chance to be right, and how their answers go together. */
export interface Jury {
  readonly accuracies: readonly number[];
  readonly correlation: number;
}

type Random = () => number;

/** Numbers in [0, 1) from a seed (mulberry32); good enough for coin tosses, the same everywhere. */
function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pick<T>(items: readonly T[], random: Random): T {
  return items[Math.floor(random() * items.length)]!;
}

/** The answers of a jury to one question. */
function answersOf(
  { accuracies, correlation }: Jury,
  options: readonly string[],
  truth: string,
  random: Random,
): string[] {
  const wrong = options.filter((option) => option !== truth);
  const luck = random();
  const error = pick(wrong, random);
  return accuracies.map((accuracy) => {
    if (random() < Math.sqrt(correlation)) return luck < accuracy ? truth : error;
    return random() < accuracy ? truth : pick(wrong, random);
  });
}

/** An answer as a ballot of the rule; behind the answer, a ranking goes on at random. */
function ballotOf(method: Method, answer: string, options: readonly string[], random: Random) {
  if (method === 'approval-gate') return { vote: answer === 'approved' ? ('yes' as const) : ('no' as const) };
  if (method === 'plurality') return { choice: answer };
  if (method === 'approval') return { approve: [answer] };
  if (method === 'score') return { score: { [answer]: 10 } };
  const rest = options.filter((option) => option !== answer).map((option) => ({ option, key: random() }));
  return { ranking: [[answer], ...rest.sort((a, b) => a.key - b.key).map(({ option }) => [option])] };
}

/** A panel under a rule, over all questions; `weights` as earned, 1 each otherwise. */
export function judge(
  name: string,
  method: Method,
  jury: Jury,
  weights = jury.accuracies.map(() => 1),
  questions = QUESTIONS,
): Case {
  const random = seeded(1979);
  const options = method === 'approval-gate' ? VERDICTS : OPTIONS;
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const told = { agreed: 0, tied: 0, asked: 0 };
  for (let question = 0; question < questions; question++) {
    const truth = pick(options, random);
    const answers = answersOf(jury, options, truth, random);
    const ballots = answers.map((answer, at) => ({
      ballot: ballotOf(method, answer, options, random),
      weight: weights[at]!,
    }));
    const counted = tally({
      options,
      rule: { method },
      ballots: ballots.map(({ ballot, weight }) => ({ ...ballot, weight })),
    });
    if (!counted.ok) throw new Error(`refused: ${counted.refusal.reason}`);
    if (counted.value.status === 'tied') told.tied++;
    else if (counted.value.winners[0] === truth) told.agreed++;
    let remaining = whole;
    const stop = ballots.findIndex(({ weight }, at) => {
      remaining -= weight;
      return cannotBeOverturned(method, {
        options,
        parameters: { method },
        ballots: ballots.slice(0, at + 1),
        remaining,
      });
    });
    told.asked += stop < 0 ? ballots.length : stop + 1;
  }
  const calls = jury.accuracies.length;
  const callsWithStop = told.asked / questions;
  return {
    ...{ bench: 'panels', case: name },
    figures: {
      agreementPercent: (100 * told.agreed) / questions,
      tiedPercent: (100 * told.tied) / questions,
      calls,
      callsWithStop,
      savedPercent: 100 * (1 - callsWithStop / calls),
    },
  };
}

/** Weights as a voter earns them over a hundred outcomes that became known. */
function earned({ accuracies }: Jury): number[] {
  const random = seeded(1982);
  return accuracies.map((accuracy) => {
    const outcomes = Array.from({ length: 100 }, () => random() < accuracy);
    return weightOfRecord(outcomes.reduce(withOutcome, NO_RECORD));
  });
}

const alike = (many: number, accuracy: number, correlation: number): Jury => ({
  accuracies: new Array<number>(many).fill(accuracy),
  correlation,
});

/** One juror, panels of three to nine under each rule, and a mixed panel with and without earned weights. */
export function panels(): Promise<Case[]> {
  const rules: readonly Method[] = ['plurality', 'approval', 'borda', 'irv', 'schulze', 'ranked-pairs', 'score'];
  const mixed: Jury = { accuracies: [0.9, 0.75, 0.6, 0.6, 0.55], correlation: 0 };
  return Promise.resolve([
    judge('one juror', 'approval-gate', alike(1, 0.7, 0)),
    ...[0, 0.3, 0.6].flatMap((correlation) =>
      [3, 5, 9].map((many) =>
        judge(
          `approval-gate, ${many} jurors, correlation ${correlation}`,
          'approval-gate',
          alike(many, 0.7, correlation),
        ),
      ),
    ),
    judge('one juror of four answers', 'plurality', alike(1, 0.6, 0)),
    ...rules.map((method) => judge(`${method}, 5 jurors of four answers`, method, alike(5, 0.6, 0))),
    judge('mixed panel, equal weights', 'approval-gate', mixed),
    judge('mixed panel, earned weights', 'approval-gate', mixed, earned(mixed)),
  ]);
}
