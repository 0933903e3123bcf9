import { describe, expect, it } from '@jest/globals';
import type { LimitHit } from '@conclave/checks';
import { parseJury } from './jury.js';
import { noticesOf, sourceOf, unreadNotices } from './prepare-review.js';

const target = 'a'.repeat(40);
const jury = parseJury('panel: acme/strict\ntests: { command: make test }\n');
const change = { files: [], limits: [] };

describe('what a receipt says of how its panel came to judge', () => {
  it('names the commit whose jury was read, also where it had none', () => {
    expect(sourceOf(jury, { target, panel: 'acme/lax' })).toBe(`.conclave/panel.yaml at ${target}`);
    expect(sourceOf(undefined, { target })).toBe(`built-in default, without .conclave/panel.yaml at ${target}`);
    expect(sourceOf(undefined, { target, panel: 'acme/lax' })).toBe(
      `the request, without .conclave/panel.yaml at ${target}`,
    );
  });

  it('tells what of the request was ignored, and what was taken from it', () => {
    expect(noticesOf(change, jury, { target, panel: 'acme/lax', test: 'true' })).toEqual([
      '--panel was ignored: the target branch names the panel acme/strict.',
      '--test was ignored: the target branch names the test command.',
    ]);
    expect(noticesOf(change, jury, { target, panel: 'acme/strict' })).toEqual([]);
    expect(noticesOf(change, undefined, { target, test: 'true' })).toEqual([
      'The test command is the request’s: the target branch names none.',
    ]);
  });
});

describe('notices of what was not read', () => {
  it('are one for each kind of limit, so that any change can be decided on', () => {
    const large = Array.from({ length: 5_000 }, (_, at): LimitHit => ({
      limit: 'file-bytes',
      max: 10,
      seen: 20 + at,
      path: `${'x'.repeat(4_000)}${at}`,
    }));
    const notices = unreadNotices([...large, { limit: 'total-bytes', max: 7, seen: 9 }]);
    expect(notices).toEqual([
      `Not everything was read (file-bytes: 10 of 5019, 5000 times, such as ${'x'.repeat(200)}).`,
      'Not everything was read (total-bytes: 7 of 9).',
    ]);
  });
});
