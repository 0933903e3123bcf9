import { describe, expect, it } from '@jest/globals';
import { parseJury } from './jury.js';
import { noticesOf, sourceOf } from './prepare-review.js';

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
