import { describe, expect, it } from '@jest/globals';
import { JuryError, parseJury } from './jury.js';

describe('the jury file', () => {
  it('names a panel and a test command, and has defaults for both', () => {
    expect(parseJury('')).toEqual({ panel: 'conclave/review' });
    expect(parseJury('panel: acme/strict\ntests:\n  command: make test\n')).toEqual({
      panel: 'acme/strict',
      tests: { command: 'make test', dependencies: [] },
    });
    expect(parseJury('tests: { command: npm test, dependencies: [/opt/deps], timeoutSeconds: 60 }').tests).toEqual({
      command: 'npm test',
      dependencies: ['/opt/deps'],
      timeoutSeconds: 60,
    });
  });

  it.each([
    ['a list', '- panel'],
    ['an unknown member', 'pannel: x'],
    ['an empty command', 'tests: { command: "" }'],
    ['a relative dependency', 'tests: { command: x, dependencies: [node_modules] }'],
    ['a timeout of a day', 'tests: { command: x, timeoutSeconds: 86400 }'],
    ['no YAML', 'panel: [unclosed'],
    ['an alias bomb', 'a: &a [x,x]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b]\n'],
  ])('refuses %s and says what to correct', (_, text) => {
    expect(() => parseJury(text)).toThrow(JuryError);
    expect(() => parseJury(text)).toThrow(/\.conclave\/panel\.yaml/);
  });
});
