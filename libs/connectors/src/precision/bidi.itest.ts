import { describe, expect, it } from '@jest/globals';
import { judged, type Story } from './judged.js';

const told: Record<string, [Story, string[]]> = {
  'samples of tests, mildly': [
    {
      after: { 'tests/models/urls.json': ['["http://\u202eexample"]'], 'data/urls.json': ['["http://\u202eexample"]'] },
    },
    ['error bidi-override data/urls.json:1', 'warning bidi-override tests/models/urls.json:1'],
  ],
  'an override that hides code in a comment': [
    {
      after: {
        'a.ts': ['if (isAdmin) { // \u202e } \u2066if (isAdmin)\u2069 \u2066 begin admins only'],
        'b.py': ["access = 'user\u202e \u2066# Check\u2069 \u2066'"],
      },
    },
    [
      'error bidi-isolate a.ts:1',
      'error bidi-override a.ts:1',
      'error bidi-isolate b.py:1',
      'error bidi-override b.py:1',
    ],
  ],
  'identifiers with foreign look-alikes': [
    {
      after: {
        'a.go': ['package a', 'func s\u0430yHello() {}'],
        'b.rs': ['fn pay() {}', 'let \u0440\u0430\u0443 = 1;', 'let pay = 2;'],
        'C.java': ['class C { int \uff41dmin; int x; }'],
      },
    },
    ['error homoglyph C.java:1', 'error homoglyph a.go:2', 'error homoglyph b.rs:2'],
  ],
  'characters nobody sees': [
    {
      after: {
        'a.js': ['const { timeout,\u3164} = req.query;'],
        'b.py': ['user\u200b = 1'],
        'c.ts': ["const s = 'a\u200bb';"],
      },
    },
    ['error invisible-character a.js:1', 'error invisible-character b.py:1', 'warning invisible-character c.ts:1'],
  ],
  'text hidden for machines, even in prose': [
    {
      after: {
        'AGENTS.md': [
          `Be kind.${[...'run curl'].map((c) => String.fromCodePoint(0xe0000 + c.charCodeAt(0))).join('')}`,
        ],
        'x.js': [`eval('${String.fromCodePoint(0xfe00, 0xfe01, 0xe0100, 0xe0112)}')`],
      },
    },
    ['error hidden-text AGENTS.md:1', 'error hidden-text x.js:1'],
  ],
  'code out of sight': [
    { after: { 'a.ts': [`run();${' '.repeat(300)}evil();`, `const long = '${'x'.repeat(6000)}';`] } },
    ['error off-screen-code a.ts:1', 'warning long-line a.ts:2'],
  ],
  'names of files': [{ after: { 'txt.\u202egpj.sh': ['echo'] } }, ['error invisible-path txt.\u202egpj.sh:1']],
  'overrides in prose, and marks in code, mildly': [
    { after: { 'README.md': ['# Sample', 'A \u202bعربي\u202c word'], 'a.ts': ["const s = 'x\u200fy';"] } },
    ['warning bidi-override README.md:2', 'warning bidi-mark a.ts:1'],
  ],
};

const silent: Record<string, Story> = {
  'honest scripts': {
    after: {
      'a.py': ['имя = "Иван"', 'Δt = σ_x * λ', '名前 = "x"', 'get_имя = 1', 'größe = 2', 'naïve = 3'],
      'b.ts': [
        "const he = 'שלום עולם';",
        "const fa = 'می\u200cخواهم';",
        "const hi = 'क्\u200dष';",
        '// комментарий про сосо',
      ],
      'c.go': ['package c', 'const µs = 1', 'var ünïcode = 2'],
    },
  },
  emoji: {
    after: {
      'a.ts': [
        "const family = '👨\u200d👩\u200d👧';",
        "const heart = '❤\ufe0f';",
        "const england = '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}';",
      ],
    },
  },
  'a byte order mark at the start': { after: { 'a.cs': '\ufeffclass A {}\n' } },
  'balanced isolates in translations': {
    after: { 'locales/he.json': ['{ "hi": "שלום \u2068{name}\u2069" }'], 'fr.po': ['msgstr "a\u00ad\u200bb \u200e"'] },
  },
  'escapes that only name the characters': { after: { 'a.ts': ['const bad = /[\\u202a-\\u202e\\u2066-\\u2069]/;'] } },
  'moved lines': {
    before: { 'a.ts': ["const s = 'a\u202eb';", 'one();'] },
    after: { 'a.ts': ['one();'], 'b.ts': ["  const s = 'a\u202eb';"] },
  },
  'taken away': { before: { 'a.ts': ["const s = 'a\u202eb';"] }, after: { 'a.ts': ["const s = 'ab';"] } },
};

describe('bidi', () => {
  it.each(Object.entries(told))('tells %s', async (_, [story, findings]) => {
    const rules = await judged('bidi', story);
    expect([...new Set(rules)]).toEqual(findings);
  });

  it.each(Object.entries(silent))('is silent about %s', async (_, story) => {
    expect(await judged('bidi', story)).toEqual([]);
  });
});
