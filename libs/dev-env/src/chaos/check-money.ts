/** What must hold of budgets, whatever was killed while calls asked for room, held it and paid. Pure. */
import type { Budget, History, Line, Sum, WantedRun } from './history.js';
import { claimKey, groupBy, stepKey, type Say } from './history-keys.js';

export function checkMoney(history: History, say: Say): void {
  checkCaps(history, say);
  checkBalances(history, say);
  checkHolds(history, say);
  checkLedger(history, say);
  for (const { run, task, no, state } of history.stored.parked)
    if (state !== 'answered') say('waited for room in vain', `${run}/${task}/${no}: ${state}`);
}

/** Nobody lowers a cap, and no call costs more than was held for it: what is spent and held never stands above one. */
function checkCaps({ readings, stored }: History, say: Say): void {
  for (const { at, budgets } of [...readings, { at: Infinity, budgets: stored.money.budgets }])
    for (const { id, scope, spent, reserved, limit } of budgets)
      if (spent + reserved > limit)
        say('more spent and held than the cap', `${id} of a ${scope} at ${at}: ${spent} + ${reserved} of ${limit}`);
}

/** A budget counts what the ledger says of the runs below it, and holds back what their calls hold; in the end nothing. */
function checkBalances({ wanted, stored }: History, say: Say): void {
  const above = placesAbove(wanted);
  for (const money of [stored.money, stored.moneyAfterwards]) {
    const [spent, held] = [sumsBelow(money.ledger, above), sumsBelow(money.holds, above)];
    for (const budget of money.budgets) {
      const place = placeOf(budget);
      const [cost, hold] = [spent.get(place) ?? 0, held.get(place) ?? 0];
      if (budget.spent !== cost)
        say('budget does not count what the ledger says', `${place}: ${budget.spent}, ${cost}`);
      if (budget.reserved !== hold)
        say('budget holds back what no call holds', `${place}: ${budget.reserved}, ${hold}`);
    }
  }
  const { holds, budgets } = stored.moneyAfterwards;
  if (holds.length > 0) say('held for good', holds.map(({ key }) => key).join());
  for (const budget of budgets)
    if (budget.reserved !== 0) say('the sum of holds is not 0', `${placeOf(budget)}: ${budget.reserved}`);
}

/**
 * Whoever asks for a step's work has its hold, or takes it over, unless it is refused, and gives it up when it pays: what
 * is held still is held for work whose process did not live to see that end.
 */
function checkHolds({ lines, stored }: History, say: Say): void {
  const asked = groupBy(linesOf(lines, 'asked'), ({ key = '' }) => key);
  const over = new Set([...linesOf(lines, 'paid'), ...linesOf(lines, 'refused')].map(workKey));
  for (const { key } of stored.money.holds)
    if ((asked.get(key) ?? []).every((line) => over.has(workKey(line)))) say('held although it is over', key);
}

/** What was done is booked once, and nothing else is. */
function checkLedger({ lines, stored }: History, say: Say): void {
  const booked = groupBy(stored.money.ledger, ({ key }) => key);
  const done = new Set(linesOf(lines, 'effect').map(({ key = '' }) => key));
  const kept = new Set(linesOf(lines, 'kept').map(workKey));
  for (const [key, sums] of booked) {
    if (sums.length > 1) say('booked twice', key);
    if (!done.has(key)) say('booked although nobody did it', key);
  }
  for (const line of linesOf(lines, 'effect'))
    if (kept.has(workKey(line)) && !booked.has(line.key ?? '')) say('done and never booked', line.key ?? '');
}

const linesOf = (lines: readonly Line[], what: Line['what']): Line[] => lines.filter((line) => line.what === what);
/** One attempt at a step's work. */
const workKey = (line: Line): string => `${claimKey(line)} ${stepKey(line)}`;
const placeOf = ({ tenant, scope, scopeId }: Pick<Budget, 'tenant' | 'scope' | 'scopeId'>): string =>
  `${tenant} ${scope} ${scopeId}`;

/** Where what a run spends counts: its tenant, its workspace, itself and the runs above it. */
function placesAbove(wanted: readonly WantedRun[]): Map<string, string[]> {
  const runs = new Map(wanted.map((run) => [run.id, run]));
  const line = (id: string | undefined): string[] => (id === undefined ? [] : [id, ...line(runs.get(id)?.parent)]);
  return new Map(
    wanted.map(({ id, tenant, workspace }) => [
      id,
      [
        placeOf({ tenant, scope: 'tenant', scopeId: tenant }),
        placeOf({ tenant, scope: 'workspace', scopeId: workspace }),
        ...line(id).map((scopeId) => placeOf({ tenant, scope: 'run', scopeId })),
      ],
    ]),
  );
}

function sumsBelow(sums: readonly Sum[], above: ReadonlyMap<string, readonly string[]>): Map<string, number> {
  const found = new Map<string, number>();
  for (const { run, micros } of sums)
    for (const place of above.get(run) ?? []) found.set(place, (found.get(place) ?? 0) + micros);
  return found;
}
