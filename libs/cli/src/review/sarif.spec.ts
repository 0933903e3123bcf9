import { describe, expect, it } from '@jest/globals';
import type { Finding, ReviewResult } from '@conclave/contracts';
import { sarifOf } from './sarif.js';

const finding = (more: Partial<Finding> = {}): Finding => ({
  ...{
    path: 'a.ts',
    line: 3,
    rule: 'lost-assertion',
    severity: 'error',
    message: 'An assertion is gone.',
    juror: 'tests-weakened',
  },
  ...more,
});
const review = (...findings: Finding[]): ReviewResult => ({
  outcome: 'rejected',
  reason: '',
  decision: 'dec_1',
  subject: { repository: 'r', base: 'b', head: 'h', tree: 't', diffSha256: 'd' },
  panel: { name: 'p', sha256: 's', source: 'x' },
  seats: [],
  findings,
  notices: [],
  usage: { inputTokens: 0, outputTokens: 0, costMicros: 0 },
});
const resultsOf = (...findings: Finding[]) => sarifOf(review(...findings)).runs[0]!.results;

describe('sarifOf', () => {
  it('names each rule once, and results point at it', () => {
    const [run] = sarifOf(review(finding(), finding({ line: 9 }), finding({ juror: 'secrets', rule: 'token' }))).runs;
    expect(run!.tool.driver.rules).toEqual([{ id: 'secrets/token' }, { id: 'tests-weakened/lost-assertion' }]);
    for (const { ruleId, ruleIndex } of run!.results) expect(run!.tool.driver.rules[ruleIndex]!.id).toBe(ruleId);
  });

  it('spells severities as SARIF does', () => {
    const levels = (['error', 'warning', 'info'] as const).map(
      (severity) => resultsOf(finding({ severity }))[0]!.level,
    );
    expect(levels).toEqual(['error', 'warning', 'note']);
  });

  it('encodes the bytes of a path, whatever they are', () => {
    const uri = (path: string) => resultsOf(finding({ path }))[0]!.locations[0]!.physicalLocation.artifactLocation.uri;
    expect(uri('src/a b#c?.ts')).toBe('src/a%20b%23c%3F.ts');
    expect(uri('größe.ts')).toBe('gr%C3%B6%C3%9Fe.ts');
    expect(uri('raw\\xff\\\\.ts')).toBe('raw%FF%5C.ts');
  });

  it('keeps a finding’s fingerprint when only its line moves', () => {
    const [a, b, c] = resultsOf(finding(), finding({ line: 30 }), finding({ message: 'Another.' }));
    expect(a!.partialFingerprints).toEqual(b!.partialFingerprints);
    expect(a!.partialFingerprints).not.toEqual(c!.partialFingerprints);
  });

  it('is a whole document without findings, too', () => {
    expect(sarifOf(review())).toMatchObject({
      version: '2.1.0',
      runs: [{ results: [], tool: { driver: { rules: [] } } }],
    });
  });
});
