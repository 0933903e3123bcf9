import { describe, expect, it } from '@jest/globals';
import type { Wait } from '@conclave/contracts';
import type { Output } from '../output.js';
import { waitLine } from './views.js';

describe('what a task waits for', () => {
  const out = { typed: (...words: string[]) => words.join(' ') } as unknown as Output;
  const wait = {
    task: 'sh',
    no: 1,
    key: 'k',
    state: 'open',
    parkedAt: '',
    expiresAt: '2026-11-29T12:30:15.000Z',
  } as const;

  it.each<[Pick<Wait, 'kind' | 'about'>, string]>([
    [
      { kind: 'command', about: { begunAt: '2026-11-29T12:10:00.000Z', timeoutMs: 600_000 } },
      '  sh runs a command since 2026-11-29T12:10, at most until 2026-11-29T12:20',
    ],
    [{ kind: 'timer' }, '  sh waits for timer, until 2026-11-29T12:30'],
    [{ kind: 'human', about: { question: 'Deploy?' } }, '  sh asks, until 2026-11-29T12:30: Deploy? (answer run_1 sh)'],
  ])('of %j is told in a line', (of, line) => {
    expect(waitLine(out, 'run_1', { ...wait, ...of })).toBe(line);
  });
});
