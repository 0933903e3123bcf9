import { describe, expect, it } from '@jest/globals';
import { checkClients } from './check-clients.js';
import type { ClientRun, ClientStory, HeardEvent, History } from './history.js';

/** One run that asks a question, which two answer; the stream broke once. */
const events: readonly HeardEvent[] = ['run.created', 'task.asked', 'task.answered', 'run.completed'].map(
  (type, at) => ({
    ...{ seq: at + 1, type },
    data: { task: 'ask' },
  }),
);
const story: ClientStory = {
  ...{ key: 'k', created: ['r', 'r'], heard: events, streams: 2, faults: [] },
  answers: [
    { task: 'ask', answer: 'yes', status: 200 },
    { task: 'ask', answer: 'no', status: 409, code: 'runtime.wait.closed' },
  ],
};
const run: ClientRun = { id: 'r', events, waits: [{ task: 'ask', state: 'answered', answer: 'yes' }], result: 'yes' };

const brokenRules = (clients: readonly ClientStory[], clientRuns: readonly ClientRun[]): string[] => {
  const broken = new Set<string>();
  checkClients({ clients, stored: { clientRuns } } as unknown as History, (rule) => broken.add(rule));
  return [...broken];
};
const withStory = (more: Partial<ClientStory>): string[] => brokenRules([{ ...story, ...more }], [run]);
const withRun = (more: Partial<ClientRun>): string[] => brokenRules([story], [{ ...run, ...more }]);
const [yes, no] = [story.answers[0]!, story.answers[1]!];

describe('the checker of clients’ stories', () => {
  it('passes a run that was created once, heard to its end and answered by one of two', () => {
    expect(brokenRules([story], [run])).toEqual([]);
  });

  const broken: readonly (readonly [string, string[]])[] = [
    ['client met a fault', withStory({ faults: ['500'] })],
    ['creation never answered', withStory({ created: [] })],
    ['one creation, two runs', withStory({ created: ['r', 'other'] })],
    ['two creations, one run', brokenRules([story, { ...story, key: 'l' }], [run])],
    ['acknowledged run lost', brokenRules([story], [])],
    ['run that no client was told of', brokenRules([story], [run, { ...run, id: 'other' }])],
    ['stream with a gap, twice or out of order', withStory({ heard: events.filter(({ seq }) => seq !== 2) })],
    ['stream with a gap, twice or out of order', withStory({ heard: [...events, events[3]!] })],
    ['stream with a gap, twice or out of order', withStory({ heard: [...events].reverse() })],
    ['heard what is not in the story', withRun({ events: events.slice(0, 3) })],
    ['heard what is not in the story', withStory({ heard: [...events.slice(0, 3), { ...events[3]!, data: {} }] })],
    ['stream ended early', withStory({ heard: events.slice(0, 3) })],
    ['not one answer was accepted', withStory({ answers: [yes, { ...no, status: 200 }] })],
    ['not one answer was accepted', withStory({ answers: [no] })],
    ['loser not told so', withStory({ answers: [yes, { ...no, status: 404 }] })],
    ['loser not told so', withStory({ answers: [yes, { ...no, code: 'request.idempotency-mismatch' }] })],
    ['another answer counts than was accepted', withRun({ waits: [{ ...run.waits[0]!, answer: 'no' }] })],
    ['another answer counts than was accepted', withRun({ waits: [{ ...run.waits[0]!, state: 'expired' }] })],
    ['not one question was asked', withRun({ waits: [] })],
    ['accepted answer took no effect', withRun({ result: 'no' })],
    ['answer not told once', withRun({ events: [...events, { ...events[2]!, seq: 5 }] })],
  ];
  it.each(broken)('notices: %s', (rule, rules) => {
    expect(rules).toContain(rule);
  });
});
