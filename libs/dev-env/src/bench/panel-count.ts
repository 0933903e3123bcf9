/** What a panel's answers come to under a rule: how often it agrees with the truth, and what that costs. */
import { cannotBeOverturned, tally, type Method } from '@conclave/consensus-core';
import type { Case } from './report.js';

export const VERDICTS: readonly string[] = ['approved', 'rejected'];

/** One juror's answer to one question. */
export interface Answer {
  /** Options from the best on, as far as the juror put them in order; none when it gave no answer. */
  readonly ranking: readonly string[];
  readonly weight: number;
  /** Millionths of a US dollar; unknown for a model without a price. */
  readonly costMicros?: number | undefined;
}

/** A question, with the answers in the order in which jurors are asked. */
export interface Answered {
  readonly options: readonly string[];
  readonly truth: string;
  readonly answers: readonly Answer[];
}

function ballotOf(method: Method, ranking: readonly string[]) {
  const best = ranking[0]!;
  if (method === 'approval-gate') return { vote: best === 'approved' ? ('yes' as const) : ('no' as const) };
  if (method === 'plurality') return { choice: best };
  if (method === 'approval') return { approve: [best] };
  if (method === 'score') return { score: { [best]: 10 } };
  return { ranking: ranking.map((option) => [option]) };
}

/** The panel's outcome; undefined for a tie, and where nobody answered. */
function outcomeOf(method: Method, options: readonly string[], ballots: readonly Ballot[]) {
  if (ballots.length === 0) return undefined;
  const counted = tally({
    options,
    rule: { method },
    ballots: ballots.map(({ ballot, weight }) => ({ ...ballot, weight })),
  });
  if (!counted.ok) throw new Error(`refused: ${counted.refusal.reason}`);
  return counted.value.status === 'tied' ? undefined : counted.value.winners[0];
}

interface Ballot {
  readonly ballot: ReturnType<typeof ballotOf>;
  readonly weight: number;
}

const ballotsOf = (method: Method, answers: readonly Answer[]): Ballot[] =>
  answers
    .filter(({ ranking }) => ranking.length > 0)
    .map(({ ranking, weight }) => ({ ballot: ballotOf(method, ranking), weight }));

/** How many jurors had to be asked: the rest could not have changed the outcome. */
function askedOf(method: Method, { options, answers }: Answered): number {
  let remaining = answers.reduce((sum, { weight }) => sum + weight, 0);
  const stop = answers.findIndex(({ weight }, at) => {
    remaining -= weight;
    const ballots = ballotsOf(method, answers.slice(0, at + 1));
    return ballots.length > 0 && cannotBeOverturned(method, { options, parameters: { method }, ballots, remaining });
  });
  return stop < 0 ? answers.length : stop + 1;
}

const costOf = (answers: readonly Answer[]): number =>
  answers.reduce((sum, { costMicros }) => sum + (costMicros ?? NaN), 0);

/** The figures of a panel under a rule over all questions, each of which the whole panel was asked. */
export function count(method: Method, questions: readonly Answered[]): Case['figures'] {
  const told = { agreed: 0, tied: 0, calls: 0, asked: 0, silent: 0, cost: 0, costAsked: 0 };
  for (const question of questions) {
    const { options, truth, answers } = question;
    const winner = outcomeOf(method, options, ballotsOf(method, answers));
    if (winner === undefined) told.tied++;
    else if (winner === truth) told.agreed++;
    const asked = askedOf(method, question);
    told.calls += answers.length;
    told.asked += asked;
    told.silent += answers.filter(({ ranking }) => ranking.length === 0).length;
    told.cost += costOf(answers);
    told.costAsked += costOf(answers.slice(0, asked));
  }
  const each = (sum: number): number => sum / questions.length;
  return {
    agreementPercent: each(100 * told.agreed),
    tiedPercent: each(100 * told.tied),
    calls: each(told.calls),
    callsWithStop: each(told.asked),
    savedPercent: 100 * (1 - told.asked / told.calls),
    ...(told.silent > 0 && { unansweredPercent: (100 * told.silent) / told.calls }),
    ...(!Number.isNaN(told.cost) && { costMicros: each(told.cost), costWithStopMicros: each(told.costAsked) }),
  };
}
