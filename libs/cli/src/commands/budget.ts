import { budgets, type Budget } from '@conclave/contracts';
import { platformOptions, type Call, type Command } from '../command.js';
import { plainCodes } from '../exit-codes.js';
import { usage } from '../fault.js';
import { clientOf } from '../platform/settings.js';
import { printable } from '../printable.js';

const HELP = 'See: conclave budget --help';

export const budget: Command = {
  name: 'budget',
  operands: [
    { name: 'ACTION', required: false },
    { name: 'BUDGET', required: false },
  ],
  summary: 'list, set and remove budgets of model calls',
  description:
    'list (unless told): what is spent and held of each limit. set: makes or changes the budget of a scope and period. remove BUDGET: what waited for room in it goes on.',
  options: {
    scope: { value: 'SCOPE', help: 'set: tenant, workspace or run' },
    id: { value: 'RUN', help: 'set: the run of --scope run' },
    limit: { value: 'USD', help: 'set: the limit in US dollars, such as 25 or 0.50' },
    period: { value: 'PERIOD', help: 'set: total (default), day or month' },
    action: { value: 'ACTION', help: 'set: what a call that does not fit does: park (default) or refuse' },
    after: { value: 'CURSOR', help: 'list: go on behind a list’s `next`' },
    ...platformOptions,
  },
  codes: plainCodes,

  async run(call) {
    const [action = 'list', id] = call.operands;
    if (action !== 'remove' && id !== undefined) throw usage(`unexpected argument ${JSON.stringify(id)}`, HELP);
    if (action === 'list') return list(call);
    if (action === 'set') return set(call);
    if (action === 'remove') return remove(call, id);
    throw usage(`there is no action ${JSON.stringify(action)}`, HELP);
  },
};

async function list(call: Call): Promise<0> {
  const { out } = call;
  const after = call.text('after');
  const page = await clientOf(call).call(budgets.listBudgets, after === undefined ? {} : { after });
  out.print(
    ...page.items.map(lineOf),
    ...(page.items.length === 0
      ? [`No budgets: ${out.typed('budget', 'set', '--scope', 'tenant', '--limit', '25')}`]
      : []),
    ...(page.next === undefined ? [] : ['', `More: ${out.typed('budget', '--after', page.next)}`]),
  );
  out.result(page);
  return 0;
}

async function set(call: Call): Promise<0> {
  const scope = oneOf(call, 'scope', budgets.budgetScopes);
  if (scope === undefined) throw usage('--scope is missing', HELP);
  const id = call.text('id');
  if (scope === 'run' && id === undefined) throw usage('--id is missing: which run', HELP);
  const period = oneOf(call, 'period', budgets.budgetPeriods);
  const action = oneOf(call, 'action', budgets.budgetActions);
  const made = await clientOf(call).call(budgets.setBudget, {
    ...{ scope, limitMicros: microsOf(call.text('limit')) },
    ...(id === undefined ? {} : { scopeId: id }),
    ...(period === undefined ? {} : { period }),
    ...(action === undefined ? {} : { action }),
  });
  call.out.print(lineOf(made));
  call.out.result(made);
  return 0;
}

async function remove(call: Call, id: string | undefined): Promise<0> {
  if (id === undefined) throw usage('BUDGET is missing', HELP);
  const removed = await clientOf(call).call(budgets.deleteBudget, { id });
  call.out.print(`Removed: ${lineOf(removed)}`);
  call.out.result(removed);
  return 0;
}

function oneOf<T extends string>(call: Call, name: string, values: readonly T[]): T | undefined {
  const text = call.text(name);
  const value = values.find((one) => one === text);
  if (text !== undefined && value === undefined) throw usage(`--${name} is one of ${values.join(', ')}`, HELP);
  return value;
}

/** Exact: dollars never pass through a binary fraction. */
function microsOf(text: string | undefined): number {
  const match = /^(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text ?? '');
  const micros = match ? Number(match[1]) * 1_000_000 + Number((match[2] ?? '').padEnd(6, '0')) : 0;
  if (micros === 0) throw usage('--limit is an amount of US dollars above 0, with up to 6 decimals', HELP);
  return micros;
}

/** Cents at least, and whatever there is below them. */
const dollars = (micros: number): string => `$${(micros / 1_000_000).toFixed(6).replace(/0{1,4}$/, '')}`;

const lineOf = ({ id, scope, scopeId, period, action, percent, ...money }: Budget): string =>
  `${id}  ${scope.padEnd(9)} ${period.padEnd(5)} ${`${percent}%`.padStart(4)}  ${dollars(money.spentMicros)} spent, ${dollars(money.reservedMicros)} held of ${dollars(money.limitMicros)}, ${action}  ${printable(scopeId)}`;
