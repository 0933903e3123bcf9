import { budgets } from '@conclave/contracts';
import type { Group } from '../command.js';
import { usage } from '../fault.js';
import { budget } from '../nouns/work.js';
import { oneOf, word, type Field } from '../operations/field.js';
import { listing, operation } from '../operations/operation.js';

const BUDGET = word('id', '', { name: 'BUDGET', required: true });

const limit: Field = {
  ...word('limitMicros', 'the limit in US dollars, such as 25 or 0.50', {
    name: 'limit',
    value: 'USD',
    required: true,
  }),
  read: ([said]) => microsOf(said),
};

export const budgetsGroup: Group = {
  name: 'budgets',
  summary: 'what model calls may cost',
  commands: [
    listing(budget, ['budgets'], { options: [oneOf('scope', budgets.budgetScopes, 'only of this scope')] }),
    operation(budgets.getBudget, { name: 'show', operands: [BUDGET] }),
    operation(budgets.setBudget, {
      name: 'set',
      description: 'Makes or changes the budget of a scope and period.',
      options: [
        oneOf('scope', budgets.budgetScopes, 'of what', { required: true }),
        word('scopeId', 'the run of --scope run', { name: 'id', value: 'RUN' }),
        limit,
        oneOf('period', budgets.budgetPeriods, 'over which time (default: total)'),
        oneOf('action', budgets.budgetActions, 'what a call that does not fit does (default: park)'),
      ],
      wrong: ({ scope, scopeId }) =>
        scope === 'run' && scopeId === undefined ? '--id is missing: which run' : undefined,
      gives: budget,
    }),
    operation(budgets.deleteBudget, {
      name: 'remove',
      description: 'Removes a budget; what waited for room in it goes on.',
      operands: [BUDGET],
      gives: budget,
    }),
  ],
};

/** Exact: dollars never pass through a binary fraction. */
function microsOf(text: string | undefined): number {
  const match = /^(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text ?? '');
  const micros = match ? Number(match[1]) * 1_000_000 + Number((match[2] ?? '').padEnd(6, '0')) : 0;
  if (micros === 0) throw usage('--limit is an amount of US dollars above 0, with up to 6 decimals');
  return micros;
}
