import { describe, expect, it } from '@jest/globals';
import { checkHistory } from './check-history.js';
import type { Disturbance, History, Line, Stored } from './history.js';

/** One run of one task of two turns of one step, in which worker `a` is killed and `b` goes on. */
const line = (
  ...[process, what, at, no, epoch, more]: [string, Line['what'], number, number, number, object?]
): Line => ({
  ...{ process, what, at, run: 'r', task: 'root', no, epoch },
  ...more,
});
const lines: readonly Line[] = [
  line('a', 'claimed', 10, 1, 100),
  line('a', 'effect', 11, 1, 100, { step: '1/0', key: 'k1' }),
  line('b', 'claimed', 30, 1, 200),
  line('b', 'effect', 31, 1, 200, { step: '1/0', key: 'k1' }),
  line('b', 'released', 31, 1, 200, { step: '1/0', key: 'k1' }),
  line('b', 'kept', 32, 1, 200, { step: '1/0' }),
  line('b', 'ended', 33, 1, 200),
  line('b', 'claimed', 40, 2, 300),
  line('b', 'effect', 41, 2, 300, { step: '2/0', key: 'k2' }),
  line('b', 'released', 41, 2, 300, { step: '2/0', key: 'k2' }),
  line('b', 'kept', 42, 2, 300, { step: '2/0' }),
  line('b', 'ended', 43, 2, 300),
];
const killed: Disturbance = { kind: 'kill', process: 'a', from: 20, to: 21 };
const run: Stored['runs'][number] = {
  ...{ id: 'r', state: 'completed', nextSeq: 4, firstSeq: 1, lastSeq: 3, events: 3 },
  ...{ created: 1, started: 1, ended: 1, outboundCreated: 1, outboundEnded: 1 },
};
const nothingHeld: Stored['held'] = { keys: [], micros: 0, astrayMicros: 0 };
const burial: Stored['burials'][number] = { run: 'r', task: 'root', no: 1, epoch: 100, at: 25 };
const stored: Stored = {
  runs: [run],
  tasks: [{ run: 'r', id: 'root', state: 'done' }],
  turns: [
    { run: 'r', task: 'root', no: 1, state: 'done', epoch: 200, told: 1 },
    { run: 'r', task: 'root', no: 2, state: 'done', epoch: 300, told: 1 },
  ],
  steps: [
    { run: 'r', task: 'root', name: '1/0', no: 1, epoch: 200, pos: 5 },
    { run: 'r', task: 'root', name: '2/0', no: 2, epoch: 300, pos: 9 },
    { run: 'r', task: 'root', name: 'last/1', no: 1, epoch: 200, pos: 6 },
    { run: 'r', task: 'root', name: 'last/2', no: 2, epoch: 300, pos: 10 },
  ],
  ...{ openWaits: 0, workersLeft: 0, unplaced: 0, placeGaps: 0 },
  held: { keys: ['k1'], micros: 7, astrayMicros: 0 },
  heldForGood: nothingHeld,
  burials: [burial],
};
const good: History = {
  wanted: [{ id: 'r', tenant: 't', session: 's', tasks: [{ id: 'root', turns: 2, steps: 1 }] }],
  ...{ lines, disturbances: [killed], stored },
};

const brokenRules = (history: History): string[] => [
  ...new Set(checkHistory(history).violations.map(({ rule }) => rule)),
];
const withStored = (more: Partial<Stored>): History => ({ ...good, stored: { ...stored, ...more } });
const withRun = (more: Partial<typeof run>): History => withStored({ runs: [{ ...run, ...more }] });
const withLines = (...more: Line[]): History => ({
  ...good,
  lines: [...lines, ...more].sort((a, b) => a.at - b.at),
});

describe('the checker of histories', () => {
  it('passes a run that a kill met, with the hold that the kill left, and counts what was done again', () => {
    const { violations, tally } = checkHistory(good);
    expect(violations).toEqual([]);
    expect(tally).toMatchObject({
      runs: 1,
      turns: 2,
      effects: 3,
      repeated: 1,
      fenced: 0,
      claims: 3,
      buried: 1,
      met: 1,
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
    ['run nobody asked for', withStored({ runs: [run, { ...run, id: 'other' }] })],
    ['run not completed', withRun({ state: 'failed' })],
    ['gap in a story', withRun({ events: 2 })],
    ['next_seq is wrong', withRun({ nextSeq: 5 })],
    ['transition not told once', withRun({ outboundEnded: 0 })],
    ['transition not told once', withRun({ ended: 2 })],
    ['task not done', withStored({ tasks: [{ run: 'r', id: 'root', state: 'open' }] })],
    ['turns are not 1 to n', withStored({ turns: [...stored.turns, { ...stored.turns[0]!, no: 3 }] })],
    ['turn not done', withStored({ turns: [stored.turns[0]!, { ...stored.turns[1]!, state: 'running' }] })],
    ['turn not told once', withStored({ turns: [stored.turns[0]!, { ...stored.turns[1]!, told: 2 }] })],
    ['turn not told once', withStored({ turns: [stored.turns[0]!, { ...stored.turns[1]!, told: 0 }] })],
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
    ['turn committed twice', withLines(line('c', 'ended', 50, 2, 300))],
    ['turn committed by somebody else', withLines(line('c', 'ended', 50, 2, 250))],
    ['write refused to the owner', withLines(line('b', 'fenced', 50, 2, 300))],
    ['epoch given twice', withLines(line('c', 'claimed', 50, 2, 300))],
    ['step never done', { ...good, lines: lines.filter(({ step }) => step !== '2/0') }],
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
    ['held although it was released', withStored({ held: { ...stored.held, keys: ['k1', 'k2'] } })],
    ['held although it was released', withStored({ held: { ...stored.held, keys: ['nobody’s'] } })],
    ['budgets hold back what no call holds', withStored({ held: { ...stored.held, astrayMicros: 1 } })],
    ['held for good', withStored({ heldForGood: { ...nothingHeld, keys: ['k1'] } })],
    ['the sum of holds is not 0', withStored({ heldForGood: { ...nothingHeld, micros: 7 } })],
    ['living worker taken for dead', withStored({ burials: [burial, { ...burial, no: 2, epoch: 300, at: 45 }] })],
    ['living worker taken for dead', withStored({ burials: [{ ...burial, at: 19 }] })],
    ['living worker taken for dead', { ...good, disturbances: [{ ...killed, kind: 'freeze', to: -1_000 }] }],
    ['living worker taken for dead', { ...good, disturbances: [{ kind: 'postgres', from: 20, to: 21 }] }],
  ];
  it.each(broken)('notices: %s', (rule, history) => {
    expect(brokenRules(history)).toContain(rule);
  });
});
