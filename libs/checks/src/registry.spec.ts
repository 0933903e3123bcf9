import { describe, expect, it } from '@jest/globals';
import type { Change, FileChange, LimitHit } from './change.js';
import { ballotOf, canonicalFindings, type Finding } from './check.js';
import { diffLines } from './diff/line-diff.js';
import { CHECKS, checkById, findingsSha256 } from './registry.js';

const file = (path: string, before: string, after: string): FileChange => ({
  path,
  status: before ? 'modified' : 'added',
  oldMode: before ? '100644' : '000000',
  newMode: '100644',
  binary: false,
  ...(before ? { before } : {}),
  after,
  hunks: diffLines(before, after),
});
const changeOf = (...files: FileChange[]): Change => ({
  base: { commit: 'b', tree: 'bt' },
  head: { commit: 'h', tree: 'ht' },
  files,
  tree: { base: [], head: files.map(({ path }) => path) },
  context: {
    base: Object.fromEntries(files.map(({ path, before }) => [path, before ?? ''])),
    head: Object.fromEntries(files.map(({ path, after }) => [path, after ?? ''])),
  },
  history: [],
  commits: [],
  limits: [],
});
const finding = (more: Partial<Finding> = {}): Finding => ({
  path: 'a',
  line: 1,
  rule: 'r',
  severity: 'error',
  message: 'm',
  ...more,
});

describe('ballotOf', () => {
  it('votes no exactly when there is an error, and abstains when the check does not apply', () => {
    expect(ballotOf({ applies: true, findings: [] })).toEqual({ vote: 'yes' });
    expect(
      ballotOf({ applies: true, findings: [finding({ severity: 'warning' }), finding({ severity: 'info' })] }),
    ).toEqual({ vote: 'yes' });
    expect(ballotOf({ applies: true, findings: [finding({ severity: 'warning' }), finding()] })).toEqual({
      vote: 'no',
    });
    expect(ballotOf({ applies: false, reason: 'nothing to see' })).toEqual({
      vote: 'abstain',
      reason: 'nothing to see',
    });
  });
});

describe('findings', () => {
  it('have one order and no doubles, however they were found', () => {
    const all = [
      finding({ line: 2 }),
      finding({ path: 'Z' }),
      finding({ severity: 'info', rule: 'a' }),
      finding(),
      finding(),
    ];
    const expected = [
      finding({ path: 'Z' }),
      finding(),
      finding({ severity: 'info', rule: 'a' }),
      finding({ line: 2 }),
    ];
    expect(canonicalFindings(all)).toEqual(expected);
    expect(canonicalFindings(all.reverse())).toEqual(expected);
    expect(findingsSha256(all)).toBe(findingsSha256(expected));
    expect(findingsSha256([finding({ line: 3 })])).not.toBe(findingsSha256([finding()]));
  });

  it('are text that every store and digest takes, whatever the file held', () => {
    const cut = '\u{1f600}'.slice(0, 1);
    const shown = [finding({ message: 'a\\x00b \ufffd' })];
    expect(canonicalFindings([finding({ message: `a\0b ${cut}` })])).toEqual(shown);
    expect(findingsSha256([finding({ message: `a\0b ${cut}` })])).toBe(findingsSha256(shown));
  });

  it('have the digest of their canonical JSON', () => {
    // printf '[{"line":1,"message":"m","path":"a","rule":"r","severity":"error"}]' | sha256sum
    expect(findingsSha256([finding()])).toBe('45787085b997401f72f856bd8bbd9fd6bdb6583a118b8a51811bca268dc4b6a8');
  });
});

describe('CHECKS', () => {
  const change = changeOf(
    file('src/a.ts', 'const a = 1;\n', 'const a = 1;\n// @ts-ignore\nrun(a);\n'),
    file('src/a.spec.ts', "it('x', () => {\n  expect(a).toBe(1);\n});\n", "it.skip('x', () => {\n});\n"),
  );

  it('are known by distinct ids and say what they do not see', () => {
    expect(new Set(CHECKS.map(({ id }) => id)).size).toBe(CHECKS.length);
    for (const check of CHECKS) {
      expect(checkById(check.id)).toBe(check);
      expect(check.version).toMatch(/^\d+\.\d+\.\d+$/);
      expect(check.limits.length).toBeGreaterThan(40);
    }
    expect(checkById('no-such-check')).toBeUndefined();
  });

  it('find the same however often they are asked, and in a copy of the change', () => {
    const copy = JSON.parse(JSON.stringify(change)) as Change;
    for (const check of CHECKS) {
      const result = check.run(change);
      expect(check.run(change)).toEqual(result);
      expect(check.run(copy)).toEqual(result);
      if (result.applies) expect(result.findings).toEqual(canonicalFindings(result.findings));
    }
  });

  it('point at lines that exist', () => {
    for (const check of CHECKS) {
      const result = check.run(change);
      for (const { path, line } of result.applies ? result.findings : []) {
        const text = change.context.head[path] ?? '';
        expect(line).toBeGreaterThanOrEqual(1);
        expect(line).toBeLessThanOrEqual(text.split('\n').length);
      }
    }
  });

  it('say no of a part, and yes only of the whole', () => {
    const over = (limit: LimitHit['limit']): Change => ({ ...change, limits: [{ limit, max: 2, seen: 9 }] });
    const verdict = (id: string, of: Change): unknown => {
      const result = checkById(id)?.run(of);
      return result && ballotOf(result);
    };
    expect(verdict('suppressions', over('files'))).toEqual({ vote: 'no' });
    expect(verdict('bidi', change)).toEqual({ vote: 'yes' });
    for (const [limit, what] of [
      ['files', 'changed files'],
      ['total-bytes', 'changed bytes'],
    ] as const) {
      expect(verdict('bidi', over(limit))).toEqual({ vote: 'abstain', reason: `only 2 of the 9 ${what} were read` });
    }
    for (const limit of ['context-bytes', 'tree-paths', 'history-commits', 'change-commits'] as const) {
      expect(verdict('bidi', over(limit))).toEqual({ vote: 'yes' });
    }
  });

  const repeated = (line: (at: number) => string) => (count: number) =>
    Array.from({ length: count }, (_, at) => line(at));
  it.each<[string, string, (count: number) => string[], (count: number) => string[]]>([
    ['functions that look closed', 'a.sh', () => [], repeated(() => 'end() {')],
    ['tests that open on the line that closes one', 'a.spec.js', () => [], repeated((at) => `}); it('t${at}', ({`)],
    [
      'tests that all lose an assertion',
      'a.spec.js',
      repeated((at) => `it('t${at}', () => {\n  expect(f${at}()).toBe(${at});\n});`),
      repeated((at) => `it('t${at}', () => {\n  go();\n});`),
    ],
    [
      'tests that all become others',
      'a.spec.js',
      repeated((at) => `it('old${at}', () => {\n  expect(f${at}()).toBe(${at});\n});`),
      repeated((at) => `it('new${at}x', () => {\n  assert(${at}, g${at});\n});`),
    ],
    [
      'functions renamed one and all',
      'a.js',
      repeated((at) => `function a${at}() {\n}`),
      repeated((at) => `function b${at}() {\n}`),
    ],
  ])('cost in proportion to the number of %s', (_, path, before, after) => {
    const costMs = (count: number): number => {
      const change = changeOf(file(path, before(count).join('\n'), after(count).join('\n')));
      const start = process.cpuUsage().user;
      for (const check of CHECKS) check.run(change);
      return (process.cpuUsage().user - start) / 1_000;
    };
    costMs(500);
    // Quadratic cost would be sixteenfold, each time; a floor and the best of three keep noise out.
    let ratio = Infinity;
    for (let tries = 0; tries < 3 && ratio >= 9; tries++) ratio = costMs(16_000) / Math.max(costMs(4_000), 100);
    expect(ratio).toBeLessThan(9);
  });

  it('stay quick on lines made to be slow', () => {
    const seeds = [
      ' ',
      'a ',
      '(',
      '"',
      "'",
      '[',
      'curl http://',
      'it(',
      'expect(',
      'public ',
      '${',
      'catch ',
      'mvn ',
      '&&',
      'a\tb',
      'password=a',
      '=> ',
    ];
    const paths = [
      'a.ts',
      'a.spec.ts',
      'b.py',
      'c.go',
      'D.java',
      'e.sh',
      '.github/workflows/f.yml',
      'package.json',
      'Cargo.toml',
      'pyproject.toml',
      'yarn.lock',
      'AGENTS.md',
    ];
    for (const path of paths) {
      const text = seeds.map((seed) => `${seed.repeat(2_000 / seed.length)}\n`).join('');
      const hostile = changeOf(file(path, 'x\n', text));
      for (const check of CHECKS) {
        const before = process.cpuUsage().user;
        check.run(hostile);
        const spentMs = (process.cpuUsage().user - before) / 1_000;
        expect([check.id, path, spentMs < 1_000]).toEqual([check.id, path, true]);
      }
    }
  });
});
