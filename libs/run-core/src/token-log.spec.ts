import { describe, expect, it } from '@jest/globals';
import { TokenLog, type TokenFrame } from './token-log.js';

const LIMITS = { items: 100, bytes: 100_000 };
const frame = (index: number, text: string, more: Partial<TokenFrame> = {}): TokenFrame => ({
  ...{ type: 'token', task: 'juror/a', turn: 1, attempt: 1, call: 'judge', index, text },
  ...more,
});
const textOf = (log: TokenLog, after = 0): string =>
  log
    .after(after)
    .frames.map(({ text }) => text)
    .join('');

describe('the text of calls under way', () => {
  it('is told once, however often live frames and backfill repeat it', () => {
    const log = new TokenLog(LIMITS);
    expect(
      [frame(0, 'ab'), frame(2, 'c'), frame(0, 'ab'), frame(2, 'c'), frame(3, 'd')].map((f) => log.add(f)),
    ).toEqual([true, true, false, false, true]);
    expect(textOf(log)).toBe('abcd');
    const { position } = log.after(0);
    log.add(frame(0, 'x', { call: 'again' }));
    expect(textOf(log, position)).toBe('x');
  });

  it('is forgotten with its attempt, also what a zombie says later', () => {
    const log = new TokenLog(LIMITS);
    log.add(frame(0, 'dead'));
    log.add(frame(0, 'other', { task: 'juror/b' }));
    log.forget({ task: 'juror/a', turn: 1, attempt: 1 });
    expect(log.add(frame(4, 'zombie'))).toBe(false);
    log.add(frame(0, 'alive', { attempt: 2 }));
    expect(textOf(log)).toBe('otheralive');
  });

  it('of a newer attempt replaces what the one before said, though nobody told of its death', () => {
    const log = new TokenLog(LIMITS);
    log.add(frame(0, 'dead'));
    log.add(frame(0, 'alive', { attempt: 3 }));
    expect(log.add(frame(4, 'late'))).toBe(false);
    expect(textOf(log)).toBe('alive');
  });

  it('is bounded: who joins late misses its beginning', () => {
    const log = new TokenLog({ items: 2, bytes: 100_000 });
    for (const [index, text] of ['a', 'b', 'c'].entries()) log.add(frame(index, text));
    expect(textOf(log)).toBe('bc');
  });
});
