import { describe, expect, it } from '@jest/globals';
import { jurySourceText, parseJurySource, type JurySource } from './jury-source.js';

const commit = 'a1'.repeat(20);

describe('where a panel was named', () => {
  it.each<[JurySource, string]>([
    [{ by: 'jury', commit }, `.conclave/panel.yaml at ${commit}`],
    [{ by: 'default', commit }, `built-in default, without .conclave/panel.yaml at ${commit}`],
    [{ by: 'request', commit }, `the request, without .conclave/panel.yaml at ${commit}`],
    [{ by: 'jury', commit: 'b2'.repeat(32) }, `.conclave/panel.yaml at ${'b2'.repeat(32)}`],
  ])('%j is written, and read again', (source, text) => {
    expect(jurySourceText(source)).toBe(text);
    expect(parseJurySource(text)).toEqual(source);
  });

  it.each(['', 'built-in default', '.conclave/panel.yaml at main', `x.conclave/panel.yaml at ${commit}`, `${commit}`])(
    '%j is no such text',
    (text) => expect(parseJurySource(text)).toBeUndefined(),
  );
});
