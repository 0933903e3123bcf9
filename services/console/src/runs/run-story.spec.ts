import { describe, expect, it } from '@jest/globals';
import type { RunEvent } from '@conclave/contracts';
import { isOver, sentenceOf, tell, untold, type RunStory } from './run-story.js';

const event = (type: string, data: RunEvent['data'], seq = 1): RunEvent => ({
  run: 'run_01jd3v0000000000000000000',
  seq,
  type,
  at: '2026-11-20T10:00:00.000Z',
  data,
});
const told = (...events: RunEvent[]): RunStory => events.reduce(tell, untold);

const prepared = event('review.prepared', {
  subject: { repository: 'acme/app', base: 'a', head: 'b', tree: 'c', diffSha256: 'd' },
  panel: { name: 'review', sha256: 'e', source: 'built-in default' },
  notices: ['This change edits its own jury.'],
  seats: ['tests', 'secrets'],
});
const judged = event('seat.judged', {
  seat: 'secrets',
  kind: 'juror',
  vote: 'no',
  reason: 'A key',
  errors: 1,
  warnings: 2,
});

describe('the story of a run', () => {
  it('shows every seat from the moment the panel is seated', () => {
    expect(told(prepared).seats).toEqual([{ seat: 'tests' }, { seat: 'secrets' }]);
  });

  it('fills a seat in its place when it has judged', () => {
    const { seats } = told(prepared, judged);
    expect(seats.map(({ seat }) => seat)).toEqual(['tests', 'secrets']);
    expect(seats[0]?.judgement).toBeUndefined();
    expect(seats[1]?.judgement).toMatchObject({ vote: 'no', errors: 1, warnings: 2 });
  });

  it('adds a seat it was not told of', () => {
    expect(told(judged).seats.map(({ seat }) => seat)).toEqual(['secrets']);
  });

  it('keeps what it does not understand in the timeline and nowhere else', () => {
    const odd = event('seat.judged', { seat: 7 });
    const story = told(prepared, odd, event('odd.news', {}));
    expect(story.seats).toHaveLength(2);
    expect(story.events.map(({ type }) => type)).toEqual(['review.prepared', 'seat.judged', 'odd.news']);
    expect(sentenceOf(event('odd.news', {}))).toBe('odd.news');
  });

  it('names the task that asks and is answered', () => {
    expect(sentenceOf(event('task.asked', { task: 'ship' }))).toBe('ship asks a person');
    expect(sentenceOf(event('task.answered', { task: 'ship' }))).toBe('ship was answered');
    expect(sentenceOf(event('task.asked', {}))).toBe('task.asked');
  });

  it('knows the decision and the failure', () => {
    expect(told(event('decision.opened', { decision: 'dec_1' })).decision).toBe('dec_1');
    expect(told(event('run.failed', { code: 'x', message: 'y' })).failure).toEqual({ code: 'x', message: 'y' });
  });
});

describe('isOver', () => {
  it.each(['completed', 'failed', 'canceled', 'expired'] as const)('%s ends a run', (state) =>
    expect(isOver({ state })).toBe(true),
  );
  it.each(['submitted', 'working', 'input-required', 'paused'] as const)('%s does not', (state) =>
    expect(isOver({ state })).toBe(false),
  );
});
