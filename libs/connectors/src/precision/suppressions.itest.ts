import { describe, expect, it } from '@jest/globals';
import { judged, type Story } from './judged.js';

const told: Record<string, [Story, string[]]> = {
  'an eslint directive without a reason': [
    {
      before: { 'src/a.ts': ['export const a = 1;'] },
      after: { 'src/a.ts': ['// eslint-disable-next-line no-console', 'console.log(1);', 'export const a = 1;'] },
    },
    ['error eslint-disable-line src/a.ts:1'],
  ],
  'a whole file switched off': [
    {
      after: {
        'src/a.js': ['/* eslint-disable */', 'var a = 1'],
        'src/b.ts': ['// @ts-nocheck', 'let b: number = "x";'],
      },
    },
    ['error eslint-disable src/a.js:1', 'error ts-nocheck src/b.ts:1'],
  ],
  'type errors ignored': [
    {
      after: {
        'src/a.ts': ['// @ts-ignore', 'const a: number = "x";'],
        'b.py': ['import x  # type: ignore', 'y = x.z()  # type: ignore[attr-defined]'],
      },
    },
    ['error type-ignore b.py:1', 'error type-ignore b.py:2', 'error ts-ignore src/a.ts:1'],
  ],
  'a reason turns the error into a warning': [
    {
      after: {
        'src/a.ts': ['// eslint-disable-next-line no-console -- the CLI prints its answer', 'console.log(1);'],
        'src/b.ts': ['// @ts-expect-error upstream types lack the overload', 'call(1);'],
        'c.py': ['# numpy ships no stubs for this module', 'import n  # type: ignore[import]'],
        'd.rs': ['#[allow(dead_code, reason = "used by the FFI build")]', 'fn d() {}'],
      },
    },
    [
      'info type-ignore c.py:2',
      'warning allow d.rs:1',
      'warning eslint-disable-line src/a.ts:1',
      'warning ts-ignore src/b.ts:1',
    ],
  ],
  'many languages': [
    {
      after: {
        'a.go': ['package a', 'func A() { _ = b() } //nolint:errcheck'],
        'b.rs': ['#![allow(warnings)]', 'fn b() {}'],
        'C.java': ['class C {', '  @SuppressWarnings("resource")', '  void c() {}', '}'],
        'd.rb': ['eval(x) # rubocop:disable Security/Eval'],
        'e.sh': ['# shellcheck disable=SC2086', 'rm $1'],
        'f.py': ['x = eval(y)  # nosec', 'def g():  # pragma: no cover', '    pass'],
        'g.c': ['#pragma GCC diagnostic ignored "-Wall"'],
      },
    },
    [
      'error suppress-warnings C.java:2',
      'error nolint a.go:2',
      'error allow b.rs:1',
      'error rubocop-disable d.rb:1',
      'error shellcheck-disable e.sh:1',
      'error nosec f.py:1',
      'error coverage-ignore f.py:2',
      'error diagnostic-off g.c:1',
    ],
  ],
  'errors swallowed': [
    {
      before: { 'src/k.ts': ['try {', '  a();', '} catch (e) {', '  report(e);', '}'] },
      after: {
        'src/k.ts': ['try {', '  a();', '} catch (e) {', '}'],
        'src/n.ts': ['try { a(); } catch {}', 'void b().catch(() => {});'],
        'P.java': ['class P { void p() {', '  try { q(); } catch (Exception e) {', '  }', '} }'],
        'q.py': ['try:', '    q()', 'except Exception:', '    pass', 'try:', '    q()', 'except: pass'],
        'r.rb': ['begin', '  r', 'rescue => e', 'end'],
      },
    },
    [
      'error empty-catch P.java:2',
      'error empty-catch q.py:3',
      'error empty-catch q.py:7',
      'error empty-catch r.rb:3',
      'error empty-catch src/k.ts:3',
      'error empty-catch src/n.ts:1',
      'error empty-catch src/n.ts:2',
    ],
  ],
  'tests are judged mildly, looks alone mildest': [
    {
      after: {
        'test/a.test.ts': ['// @ts-ignore', 'run(1);'],
        'b.py': [`x = "${'y'.repeat(90)}"  # noqa: E501`],
        'C.java': ['@SuppressWarnings("unchecked")', 'class C {}'],
      },
    },
    ['info suppress-warnings C.java:1', 'info noqa b.py:1', 'warning ts-ignore test/a.test.ts:1'],
  ],
  'what everybody silences is only noted': [
    {
      after: {
        'pkg/__init__.py': ['from .a import A  # noqa: F401', 'from .b import *  # noqa'],
        'pkg/hands_on.py': ['from pkg.b import *  # noqa: F403'],
        'pkg/a.py': [
          'if TYPE_CHECKING:  # pragma: no cover',
          '    import x',
          'import yaml  # type: ignore[import-untyped]',
          'run()  # noqa: F401',
        ],
        'src/lib.rs': ['#[allow(clippy::wrong)] // false positive, reported upstream', 'fn f() {}'],
      },
    },
    [
      'info noqa pkg/__init__.py:1',
      'info noqa pkg/__init__.py:2',
      'info coverage-ignore pkg/a.py:1',
      'info type-ignore pkg/a.py:3',
      'error noqa pkg/a.py:4',
      'info noqa pkg/hands_on.py:1',
      'warning allow src/lib.rs:1',
    ],
  ],
  'one more of what was there': [
    { before: { 'a.py': ['import a  # noqa'] }, after: { 'a.py': ['import a  # noqa', 'import b  # noqa'] } },
    ['error noqa a.py:2'],
  ],
};

const silent: Record<string, Story> = {
  'moved to another file': {
    before: { 'a.ts': ['// eslint-disable-next-line no-console', 'console.log(1);', 'export {};'] },
    after: { 'a.ts': ['export {};'], 'b.ts': ['  // eslint-disable-next-line no-console', '  console.log(1);'] },
  },
  'renamed with its file': {
    before: { 'old.py': ['import a  # noqa', 'b()', 'c()', 'd()'] },
    after: { 'old.py': null, 'new.py': ['import a  # noqa', 'b()', 'c()', 'e()'] },
  },
  'the silenced line edited': {
    before: { 'a.go': ['package a', 'var x = f(1) //nolint:gosec'] },
    after: { 'a.go': ['package a', 'var x = f(2) //nolint:gosec'] },
  },
  reindented: {
    before: { 'a.js': ['try { a() } catch (e) {}', 'b()'] },
    after: { 'a.js': ['if (c) {', '  try { a() } catch (e) {}', '  b()', '}'] },
  },
  'taken away': {
    before: { 'a.ts': ['// @ts-ignore', 'a();'] },
    after: { 'a.ts': ['a();'] },
  },
  'named in strings, prose and other languages': {
    after: {
      'src/rule.ts': [
        "const text = '// eslint-disable-next-line no-console';",
        'const t = `# type: ignore`;',
        'export { text, t };',
      ],
      'docs/lint.md': ['Write `# noqa` or `// @ts-ignore`.'],
      'a.py': ['DOC = """', 'use # noqa and # type: ignore', '"""', "x = '# nosec'"],
      'b.go': ['package b', 'var s = "//nolint"', 'var r = `//nolint:all`'],
      'c.py': ['# eslint-disable is what the JavaScript side uses'],
    },
  },
  'handlers that do something, or say why not': {
    after: {
      'a.ts': [
        'try { a(); } catch {',
        '  // the cache is optional',
        '}',
        'try { b(); } catch (error) { log(error); }',
        'p.catch(() => undefined); // best effort',
      ],
      'b.py': ['try:', '    b()', 'except KeyError:', '    pass', 'except Exception:', '    raise'],
      'C.java': ['class C { void c() { try { d(); } catch (Interrupted ignored) {} } }'],
      'd.py': ['class Empty(Exception):', '    pass'],
    },
  },
  'written by a tool or copied from elsewhere': {
    after: {
      'src/b.ts': ['run();'],
      'vendor/x/a.go': ['package a //nolint'],
      'api.pb.go': ['package api', '//nolint:all'],
      'dist/a.js': ['/* eslint-disable */'],
    },
  },
  'a type test in tests': { after: { 'src/a.spec.ts': ['// @ts-expect-error', 'call(1);'] } },
};

describe('suppressions', () => {
  it.each(Object.entries(told))('tells %s', async (_, [story, findings]) => {
    expect(await judged('suppressions', story)).toEqual(findings);
  });

  it.each(Object.entries(silent))('is silent about what is %s', async (_, story) => {
    expect(await judged('suppressions', story)).toEqual([]);
  });

  it('abstains when no code is touched', async () => {
    expect(await judged('suppressions', { after: { 'docs/a.md': '# noqa\n' } })).toEqual([
      'abstains: the change touches no code',
    ]);
  });
});
