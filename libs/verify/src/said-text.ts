/** What a ballot says that is no plain vote, in words. */
import type { Said } from '@conclave/consensus-core';

/** `a > b = c`, points by option, or the options it is for; undefined for a plain vote. */
export function saidText({ ranking, score, choice, approve }: Said): string | undefined {
  if (ranking) return ranking.map((tier) => tier.join(' = ')).join(' > ');
  if (score) return pointsText(score);
  return approve ? approve.join(', ') || 'none of the options' : choice;
}

const pointsText = (score: NonNullable<Said['score']>): string =>
  Object.entries(score)
    .map(([option, points]) => `${option} ${points}`)
    .join(', ');
