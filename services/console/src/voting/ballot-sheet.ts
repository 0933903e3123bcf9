/** A ballot while a person fills it in, and what it comes to under the decision's rule. */
import type { Decision } from '@conclave/contracts';
import type { Said } from './sign-ballot.js';

export interface Sheet {
  /** `say` where the rule asks for more than yes or no. */
  readonly vote: 'yes' | 'no' | 'abstain' | 'say' | undefined;
  readonly choice: string;
  readonly approve: string[];
  readonly score: Readonly<Record<string, number>>;
  /** Places by option, from 1; an option without one is tied last. */
  readonly places: Readonly<Record<string, number | undefined>>;
  readonly reason: string;
}

type Contest = Pick<Decision, 'rule' | 'options'>;

export const emptySheet = ({ rule }: Contest): Sheet => ({
  vote: rule.method === 'approval-gate' ? undefined : 'say',
  choice: '',
  approve: [],
  score: {},
  places: {},
  reason: '',
});

/** What is still missing; undefined when the ballot can be signed. */
export function needs(sheet: Sheet, contest: Contest): 'vote' | 'options' | 'reason' | undefined {
  if (sheet.vote === undefined) return 'vote';
  if (sheet.vote === 'abstain') return sheet.reason.trim() === '' ? 'reason' : undefined;
  const { choice, ranking, score } = saidBy(sheet, contest);
  const empty = choice === '' || ranking?.length === 0 || (score && Object.keys(score).length === 0);
  return empty ? 'options' : undefined;
}

/** The ballot's own words. */
export function saidBy({ vote, choice, approve, score, places }: Sheet, { rule, options }: Contest): Said {
  if (vote === 'abstain' || vote === 'yes' || vote === 'no') return { vote };
  if (rule.method === 'plurality') return { choice };
  if (rule.method === 'approval') return { approve: options.map(({ id }) => id).filter((id) => approve.includes(id)) };
  if (rule.method === 'score') return { score };
  const placed = options.map(({ id }) => id).filter((id) => places[id] !== undefined);
  const tiers = Map.groupBy(placed, (id) => places[id]!);
  return { ranking: [...tiers].sort(([a], [b]) => a - b).map(([, tier]) => tier) };
}
