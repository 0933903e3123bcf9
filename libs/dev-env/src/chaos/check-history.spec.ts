import { describe, expect, it } from '@jest/globals';
import { checkHistory } from './check-history.js';
import type { Budget, Disturbance, History, Line, Money, Stored } from './history.js';

/**
 * One run of one task of two turns of one step, in which worker `a` is killed and `b` goes on. The second step does not
 * fit its tenant's cap at first.
 */
const line = (
  ...[process, what, at, no, epoch, more]: [string, Line['what'], number, number, number, object?]
): Line => ({
  ...{ process, what, at, run: 'r', task: 'root', no, epoch },
  ...more,
});
const [first, second] = [
  { step: '1/0', key: 'k1' },
  { step: '2/0', key: 'k2' },
];
const lines: readonly Line[] = [
  line('a', 'claimed', 10, 1, 100),
  line('a', 'asked', 11, 1, 100, first),
  line('a', 'effect', 11, 1, 100, first),
  line('b', 'claimed', 30, 1, 200),
  line('b', 'asked', 31, 1, 200, first),
  line('b', 'effect', 31, 1, 200, first),
  line('b', 'paid', 31, 1, 200, first),
  line('b', 'kept', 32, 1, 200, { step: '1/0' }),
  line('b', 'ended', 33, 1, 200),
  line('b', 'claimed', 35, 2, 250),
  line('b', 'asked', 35, 2, 250, second),
  line('b', 'refused', 36, 2, 250, second),
  line('b', 'left', 36, 2, 250, { step: '2/0' }),
  line('b', 'ended', 37, 2, 250),
  line('b', 'claimed', 40, 3, 300),
  line('b', 'asked', 41, 3, 300, second),
  line('b', 'effect', 41, 3, 300, second),
  line('b', 'paid', 41, 3, 300, second),
  line('b', 'kept', 42, 3, 300, { step: '2/0' }),
  line('b', 'ended', 43, 3, 300),
];
const killed: Disturbance = { kind: 'kill', process: 'a', from: 20, to: 21 };
const run: Stored['runs'][number] = {
  ...{ id: 'r', state: 'completed', nextSeq: 4, firstSeq: 1, lastSeq: 3, events: 3 },
  ...{ created: 1, started: 1, ended: 1, outboundCreated: 1, outboundEnded: 1 },
};
const budget: Budget = { id: 'b', tenant: 't', scope: 'tenant', scopeId: 't', limit: 20, spent: 7, reserved: 7 };
const money: Money = {
  budgets: [
    budget,
    { ...budget, scope: 'workspace', scopeId: 'w' },
    { ...budget, scope: 'run', scopeId: 'r' },
    { ...budget, scope: 'run', scopeId: 'above' },
    { ...budget, scope: 'run', scopeId: 'beside', spent: 0, reserved: 0 },
  ],
  holds: [{ run: 'r', key: 'k1', micros: 7 }],
  ledger: [
    { run: 'r', key: 'k1', micros: 3 },
    { run: 'r', key: 'k2', micros: 4 },
  ],
};
const moneyAfterwards: Money = {
  ...money,
  budgets: money.budgets.map((one) => ({ ...one, reserved: 0 })),
  holds: [],
};
const burial: Stored['burials'][number] = { run: 'r', task: 'root', no: 1, epoch: 100, at: 25 };
const stored: Stored = {
  runs: [run, { ...run, id: 'above' }],
  tasks: [{ run: 'r', id: 'root', state: 'done' }],
  turns: [
    { run: 'r', task: 'root', no: 1, state: 'done', epoch: 200 },
    { run: 'r', task: 'root', no: 2, state: 'done', epoch: 250 },
    { run: 'r', task: 'root', no: 3, state: 'done', epoch: 300 },
  ],
  told: [
    { run: 'r', task: 'root', turn: 1, times: 1 },
    { run: 'r', task: 'root', turn: 2, times: 1 },
  ],
  parked: [{ run: 'r', task: 'root', no: 2, state: 'answered' }],
  steps: [
    { run: 'r', task: 'root', name: '1/0', no: 1, epoch: 200, pos: 5 },
    { run: 'r', task: 'root', name: '2/0', no: 3, epoch: 300, pos: 9 },
    { run: 'r', task: 'root', name: 'last/1', no: 1, epoch: 200, pos: 6 },
    { run: 'r', task: 'root', name: 'last/2', no: 3, epoch: 300, pos: 10 },
  ],
  ...{ clientRuns: [], openWaits: 0, workersLeft: 0, unplaced: 0, placeGaps: 0 },
  ...{ money, moneyAfterwards, burials: [burial] },
};
const good: History = {
  wanted: [
    { id: 'above', tenant: 't', workspace: 'w', tasks: [] },
    {
      ...{ id: 'r', tenant: 't', workspace: 'w', parent: 'above', session: 's' },
      tasks: [{ id: 'root', turns: 2, steps: 1 }],
    },
  ],
  readings: [{ at: 15, budgets: [{ ...budget, limit: 7, spent: 0 }] }],
  ...{ lines, disturbances: [killed], clients: [], stored },
};

const brokenRules = (history: History): string[] => [
  ...new Set(checkHistory(history).violations.map(({ rule }) => rule)),
];
const withStored = (more: Partial<Stored>): History => ({ ...good, stored: { ...stored, ...more } });
const withRun = (more: Partial<typeof run>): History => withStored({ runs: [{ ...run, ...more }, stored.runs[1]!] });
const withMoney = (more: Partial<Money>): History => withStored({ money: { ...money, ...more } });
const withBudget = (more: Partial<Budget>): History => withMoney({ budgets: [{ ...budget, ...more }] });
const withAfterwards = (more: Partial<Money>): History =>
  withStored({ moneyAfterwards: { ...moneyAfterwards, ...more } });
const without = (isGone: (line: Line) => boolean): History => ({
  ...good,
  lines: lines.filter((one) => !isGone(one)),
});
const withLines = (...more: Line[]): History => ({
  ...good,
  lines: [...lines, ...more].sort((a, b) => a.at - b.at),
});

describe('the checker of histories', () => {
  it('passes a run that a kill met, with the hold that the kill left, and counts what was done again and what waited', () => {
    const { violations, tally } = checkHistory(good);
    expect(violations).toEqual([]);
    expect(tally).toMatchObject({
      ...{ runs: 2, turns: 3, effects: 3, repeated: 1, fenced: 0, claims: 4, buried: 1, parked: 1, met: 1 },
    });
  });

  it('knows a disturbance that met nothing any more', () => {
    expect(checkHistory({ ...good, disturbances: [killed, { kind: 'postgres', from: 60, to: 70 }] }).tally.met).toBe(1);
  });

  it('passes the burial of who was frozen, and of who was killed before it wrote anything down', () => {
    expect(brokenRules({ ...good, disturbances: [{ ...killed, kind: 'freeze' }] })).toEqual([]);
    expect(brokenRules(withStored({ burials: [burial, { ...burial, epoch: 99 }] }))).toEqual([]);
  });

  it('passes the writes of a zombie that are refused', () => {
    const zombie = withLines(line('z', 'claimed', 12, 1, 150), line('z', 'fenced', 35, 1, 150));
    expect(brokenRules(zombie)).toEqual([]);
    expect(checkHistory(zombie).tally.fenced).toBe(1);
  });

  const broken: readonly (readonly [string, History])[] = [
    ['run lost', withStored({ runs: [] })],
    ['run nobody asked for', withStored({ runs: [...stored.runs, { ...run, id: 'other' }] })],
    ['run not completed', withRun({ state: 'failed' })],
    ['gap in a story', withRun({ events: 2 })],
    ['next_seq is wrong', withRun({ nextSeq: 5 })],
    ['transition not told once', withRun({ outboundEnded: 0 })],
    ['transition not told once', withRun({ ended: 2 })],
    ['task not done', withStored({ tasks: [{ run: 'r', id: 'root', state: 'open' }] })],
    ['turns are not 1 to n', withStored({ turns: [...stored.turns, { ...stored.turns[0]!, no: 4 }] })],
    ['turns are not 1 to n', withStored({ parked: [] })],
    ['turn not done', withStored({ turns: [...stored.turns.slice(0, 2), { ...stored.turns[2]!, state: 'running' }] })],
    ['turn not told once', withStored({ told: [stored.told[0]!, { ...stored.told[1]!, times: 2 }] })],
    ['turn not told once', withStored({ told: [stored.told[0]!] })],
    ['journal is not what was to be done, in order', withStored({ steps: [stored.steps[0]!] })],
    ['kept, yet not in the journal', withStored({ steps: [stored.steps[0]!] })],
    ['kept, yet not in the journal', withLines(line('a', 'kept', 12, 1, 100, { step: '1/0' }))],
    [
      'journal is not what was to be done, in order',
      withStored({ steps: [{ ...stored.steps[0]!, pos: 10 }, stored.steps[1]!] }),
    ],
    ['step under another turn', withStored({ steps: [stored.steps[0]!, { ...stored.steps[1]!, no: 1 }] })],
    ['last step not in the journal', withStored({ steps: stored.steps.slice(0, -1) })],
    ['two steps at one place', withStored({ steps: [{ ...stored.steps[0]!, pos: 9 }, stored.steps[1]!] })],
    ['turn committed twice', withLines(line('c', 'ended', 50, 3, 300))],
    ['turn committed by somebody else', withLines(line('c', 'ended', 50, 3, 270))],
    ['write refused to the owner', withLines(line('b', 'fenced', 50, 3, 300))],
    ['epoch given twice', withLines(line('c', 'claimed', 50, 3, 300))],
    ['step never done', without(({ step }) => step === '2/0')],
    ['effect done again under another key', withLines(line('a', 'effect', 12, 1, 100, { step: '1/0', key: 'k9' }))],
    ['two effects under one key', { ...good, lines: lines.map((one) => (one.key ? { ...one, key: 'k1' } : one)) }],
    ['journal holds what nobody did', withStored({ steps: [{ ...stored.steps[0]!, epoch: 7 }, stored.steps[1]!] })],
    ['step done again although nothing befell it', { ...good, disturbances: [] }],
    ['step done again although nothing befell it', { ...good, disturbances: [{ ...killed, process: 'b' }] }],
    ['step done again although nothing befell it', { ...good, disturbances: [{ ...killed, kind: 'nats' }] }],
    ['step done again although nothing befell it', { ...good, disturbances: [{ ...killed, from: 1, to: 2 }] }],
    ['two turns of a session at once', withLines(line('b', 'effect', 45, 1, 200, { step: '1/0', key: 'k1' }))],
    ['waits left open', withStored({ openWaits: 1 })],
    ['workers left enlisted', withStored({ workersLeft: 1 })],
    ['events without a place in the log', withStored({ unplaced: 1 })],
    ['gaps in the log', withStored({ placeGaps: 1 })],
    ['held although it is over', withMoney({ holds: [...money.holds, { run: 'r', key: 'k2', micros: 0 }] })],
    ['held although it is over', withMoney({ holds: [...money.holds, { run: 'r', key: 'nobody’s', micros: 0 }] })],
    ['more spent and held than the cap', withBudget({ limit: 13 })],
    [
      'more spent and held than the cap',
      { ...good, readings: [...good.readings, { at: 16, budgets: [{ ...budget, limit: 13 }] }] },
    ],
    ['budget does not count what the ledger says', withBudget({ spent: 6 })],
    ['budget does not count what the ledger says', withBudget({ scope: 'run', scopeId: 'beside', reserved: 0 })],
    ['budget does not count what the ledger says', withMoney({ ledger: [money.ledger[0]!] })],
    ['budget holds back what no call holds', withBudget({ reserved: 8 })],
    ['budget holds back what no call holds', withBudget({ scope: 'run', scopeId: 'above', reserved: 0 })],
    ['booked twice', withMoney({ ledger: [...money.ledger, money.ledger[0]!] })],
    ['booked although nobody did it', withMoney({ ledger: [...money.ledger, { run: 'r', key: 'k9', micros: 0 }] })],
    ['done and never booked', withMoney({ ledger: [money.ledger[0]!] })],
    ['waited for room in vain', withStored({ parked: [{ ...stored.parked[0]!, state: 'expired' }] })],
    ['held for good', withAfterwards({ holds: money.holds })],
    ['the sum of holds is not 0', withAfterwards({ budgets: money.budgets })],
    ['living worker taken for dead', withStored({ burials: [burial, { ...burial, no: 3, epoch: 300, at: 45 }] })],
    ['living worker taken for dead', withStored({ burials: [{ ...burial, at: 19 }] })],
    ['living worker taken for dead', { ...good, disturbances: [{ ...killed, kind: 'freeze', to: -1_000 }] }],
    ['living worker taken for dead', { ...good, disturbances: [{ kind: 'postgres', from: 20, to: 21 }] }],
  ];
  it.each(broken)('notices: %s', (rule, history) => {
    expect(brokenRules(history)).toContain(rule);
  });
});
