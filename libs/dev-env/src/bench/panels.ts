/**
 * What a panel is worth beside one juror: how often it agrees with the truth, and how many calls that costs.
 *
 * Jurors are synthetic, the seed is fixed, and nothing is measured by the clock, so every machine comes to the same
 * figures. A juror is right with a set probability; a pair of jurors has a set correlation: with probability √ρ a juror
 * takes the answer that is in the air for this question, right or wrong, instead of finding its own.
 */
import { NO_RECORD, weightOfRecord, withOutcome, type Method } from '@conclave/consensus-core';
import { pick, randomOf } from '../chaos/random.js';
import { count, VERDICTS, type Answered } from './panel-count.js';
import type { Case } from './report.js';

const QUESTIONS = 2_000;
const OPTIONS = ['A', 'B', 'C', 'D'];

/** Every juror's chance to be right, and how their answers go together. */
export interface Jury {
  readonly accuracies: readonly number[];
  readonly correlation: number;
}

type Random = () => number;

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

/** Rules that look beyond the first place. */
const RANKED: readonly Method[] = ['borda', 'irv', 'schulze', 'ranked-pairs'];

/** What a juror puts in order; behind its answer a ranking goes on at random. */
function rankingOf(method: Method, answer: string, options: readonly string[], random: Random): string[] {
  if (!RANKED.includes(method)) return [answer];
  const rest = options.filter((option) => option !== answer).map((option) => ({ option, key: random() }));
  return [answer, ...rest.sort((a, b) => a.key - b.key).map(({ option }) => option)];
}

/** A panel under a rule, over all questions; `weights` as earned, 1 each otherwise. */
export function judge(
  name: string,
  method: Method,
  jury: Jury,
  weights = jury.accuracies.map(() => 1),
  questions = QUESTIONS,
): Case {
  const random = randomOf(1979);
  const options = method === 'approval-gate' ? VERDICTS : OPTIONS;
  const answered = Array.from({ length: questions }, (): Answered => {
    const truth = pick(options, random);
    const answers = answersOf(jury, options, truth, random).map((answer, at) => ({
      ranking: rankingOf(method, answer, options, random),
      weight: weights[at]!,
    }));
    return { options, truth, answers };
  });
  return { bench: 'panels', case: name, figures: count(method, answered) };
}

/** Weights as a voter earns them over a hundred outcomes that became known. */
function earned({ accuracies }: Jury): number[] {
  const random = randomOf(1982);
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
