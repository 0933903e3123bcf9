import { describe, expect, it } from '@jest/globals';
import { judged, type Story } from './judged.js';

const indent = (lines: string[]): string[] => lines.map((line) => `  ${line}`);
const tangled = (depth: number): string[] =>
  depth === 0
    ? ['work();']
    : ['if (a && b) {', ...indent(tangled(depth - 1)), '} else if (c) {', ...indent(['retry();']), '}'];
const pyTangled = (depth: number): string[] =>
  depth === 0
    ? ['    work()']
    : ['    if a and b:', ...pyTangled(depth - 1).map((line) => `    ${line}`), '    elif c:', '        retry()'];
const calls = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `step${i}(input.part${i}, options);`);
const block = [
  'const user = await users.find(id);',
  'if (!user) throw new Missing(id);',
  'const orders = await store.list(user.id);',
  'const open = orders.filter((order) => order.open);',
  'const total = open.reduce((sum, order) => sum + order.price, 0);',
  'log.info("priced", total);',
  'await mail.send(user.address, total);',
  'metrics.count("priced");',
  'return { user, total };',
];
const fn = (name: string, body: string[]): string[] => [
  `export async function ${name}(id: string) {`,
  ...indent(body),
  '}',
];

const told: Record<string, [Story, string[]]> = {
  'functions that are tangled, in several languages': [
    {
      after: {
        'a.ts': ['export function a() {', ...indent(tangled(5)), '}'],
        'b.py': ['def b():', ...pyTangled(5)],
        'c.go': ['package c', 'func (s *S) C() {', ...indent(tangled(5)), '}'],
        'd.rs': ['pub fn d() {', ...indent(tangled(5)), '}'],
        'E.java': ['class E {', '  public static int e(int x) {', ...indent(indent(tangled(5))), '  }', '}'],
      },
    },
    [
      'warning tangled-function E.java:2',
      'warning tangled-function a.ts:1',
      'warning tangled-function b.py:1',
      'warning tangled-function c.go:2',
      'warning tangled-function d.rs:1',
    ],
  ],
  'a function that grows past the limit': [
    { before: { 'a.ts': fn('run', calls(60)) }, after: { 'a.ts': fn('run', calls(120)) } },
    ['warning long-function a.ts:1'],
  ],
  'an error for the extreme': [
    { after: { 'a.ts': ['export function a() {', ...indent(tangled(14)), '}'], 'b.ts': fn('b', calls(450)) } },
    ['error tangled-function a.ts:1', 'error long-function b.ts:1'],
  ],
  'blocks copied inside the change, and from a file it touches': [
    {
      before: { 'a.ts': fn('price', block) },
      after: {
        'a.ts': [
          ...fn('price', block),
          ...fn(
            'priceAgain',
            block.map((line) => line.replace('user', 'person')),
          ),
        ],
        'b.ts': fn('elsewhere', block),
      },
    },
    ['warning duplicated-block a.ts:12', 'warning duplicated-block b.ts:1'],
  ],
};

const silent: Record<string, Story> = {
  'what was tangled before and did not get worse': {
    before: { 'a.ts': ['export function a() {', ...indent(tangled(5)), '}'] },
    after: {
      'a.ts': ['export function a() {', ...indent(tangled(5)).map((line) => line.replace('work', 'toil')), '}'],
    },
  },
  'a tangled function moved or renamed': {
    before: {
      'a.ts': ['export function a() {', ...indent(tangled(5)), '}', 'x();'],
      'r.ts': ['function old() {', ...indent(tangled(5)), '}'],
    },
    after: {
      'a.ts': ['x();'],
      'b.ts': ['export function a() {', ...indent(tangled(5)), '}'],
      'r.ts': ['function renamed() {', ...indent(tangled(5)), '}'],
    },
  },
  'long flat switches, tables and declarations': {
    after: {
      'a.ts': [
        'export function name(code: number) {',
        '  switch (code) {',
        ...Array.from({ length: 30 }, (_, i) => `    case ${i}: return "${i}";`),
        '  }',
        '}',
      ],
      'b.go': ['package b', 'var table = []row{', ...Array.from({ length: 200 }, (_, i) => `\t{${i}, "n${i}"},`), '}'],
      'c.py': ['class C:', ...Array.from({ length: 100 }, (_, i) => `    field_${i}: int = ${i}`)],
    },
  },
  'a block that is moved, and one shorter than eight lines': {
    before: { 'a.ts': [...fn('one', block), 'x();'] },
    after: {
      'a.ts': ['x();', ...fn('three', block.slice(0, 5)), ...fn('four', block.slice(0, 5))],
      'b.ts': fn('two', block),
    },
  },
  'imports, tests, generated files and prose': {
    after: {
      'a.ts': Array.from({ length: 12 }, (_, i) => `import { n${i} } from './n${i}.js';`).concat('run();'),
      'b.ts': Array.from({ length: 12 }, (_, i) => `import { n${i} } from './n${i}.js';`).concat('walk();'),
      'a.spec.ts': [...fn('one', block), ...fn('two', block)],
      'gen/x.generated.ts': fn('x', calls(500)),
      'notes.md': block,
    },
  },
  'classes, and tests inside a Rust file': {
    after: {
      'c.py': ['class Request(Base):', ...Array.from({ length: 90 }, (_, i) => `    field_${i} = Field(${i})`)],
      'd.rs': [
        'pub fn d() {}',
        '#[cfg(test)]',
        'mod tests {',
        ...indent([...fn('one', block), ...fn('two', block)]),
        '}',
      ],
    },
  },
  'idiom that only looks alike': {
    after: {
      'a.ts': [
        'export class A {',
        ...indent([
          'constructor(a: B) {',
          '  this.alpha = a.one;',
          '  this.beta = a.two;',
          '  this.gamma = a.three;',
          '  this.delta = a.four;',
          '  this.eps = a.five;',
          '  this.zeta = a.six;',
          '  this.eta = a.seven;',
          '  this.theta = a.eight;',
          '}',
        ]),
        '}',
      ],
      'b.ts': [
        'export class C {',
        ...indent([
          'constructor(c: D) {',
          '  this.red = c.warm;',
          '  this.blue = c.cold;',
          '  this.green = c.mild;',
          '  this.cyan = c.cool;',
          '  this.pink = c.soft;',
          '  this.gold = c.hard;',
          '  this.gray = c.dull;',
          '  this.black = c.dark;',
          '}',
        ]),
        '}',
      ],
    },
  },
};

describe('complexity', () => {
  it.each(Object.entries(told))('tells %s', async (_, [story, findings]) => {
    expect(await judged('complexity', story)).toEqual(findings);
  });

  it.each(Object.entries(silent))('is silent about %s', async (_, story) => {
    expect(await judged('complexity', story)).toEqual([]);
  });

  it('abstains when no code is added', async () => {
    expect(await judged('complexity', { after: { 'a.md': 'x\n' } })).toEqual(['abstains: the change adds no code']);
  });
});
