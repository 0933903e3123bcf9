import { describe, expect, it } from '@jest/globals';
import { judged, type Story } from './judged.js';

const spec = (...bodies: string[][]): string[] => [
  "describe('cart', () => {",
  ...bodies.flatMap((body) => body.map((line) => `  ${line}`)),
  '});',
];
const adds = [
  "it('adds a price', () => {",
  '  const cart = add(empty, 3);',
  '  expect(cart.total).toBe(3);',
  '  expect(cart.items).toHaveLength(1);',
  '});',
];
const removes = ["it('removes an item', () => {", '  expect(remove(full, 1).items).toEqual([]);', '});'];
const goTest = (name: string, ...body: string[]): string[] => [
  `func ${name}(t *testing.T) {`,
  ...body.map((line) => `\t${line}`),
  '}',
  '',
];
const workflow = (...steps: string[]): string[] => [
  'name: ci',
  'on: push',
  'jobs:',
  '  test:',
  '    runs-on: ubuntu-latest',
  '    steps:',
  ...steps.map((step) => `      ${step}`),
];

const told: Record<string, [Story, string[]]> = {
  'a lost assertion (TypeScript)': [
    {
      before: { 'src/cart.spec.ts': spec(adds, removes) },
      after: {
        'src/cart.spec.ts': spec(
          adds.filter((line) => !line.includes('items')),
          removes,
        ),
      },
    },
    ['error lost-assertion src/cart.spec.ts:4'],
  ],
  'lost assertions (Python, Go, Rust, Java)': [
    {
      before: {
        'tests/test_a.py': ['def test_a():', '    x = f(1)', '    assert x == 2', '    assert x > 0', ''],
        'a_test.go': [
          'package a',
          '',
          ...goTest(
            'TestA',
            'got := F(1)',
            'if got != 2 {',
            '\tt.Fatalf("got %d", got)',
            '}',
            'require.NoError(t, g())',
          ),
        ],
        'src/lib.rs': [
          'pub fn f() -> u8 { 1 }',
          '#[cfg(test)]',
          'mod tests {',
          '    #[test]',
          '    fn one() {',
          '        assert_eq!(super::f(), 1);',
          '        assert!(super::f() > 0);',
          '    }',
          '}',
        ],
        'src/test/java/ATest.java': [
          'class ATest {',
          '  @Test',
          '  void sums() {',
          '    assertEquals(3, sum(1, 2));',
          '    assertThrows(E.class, () -> sum(null));',
          '  }',
          '}',
        ],
      },
      after: {
        'tests/test_a.py': ['def test_a():', '    x = f(1)', '    assert x > 0', ''],
        'a_test.go': ['package a', '', ...goTest('TestA', 'got := F(1)', '_ = got', 'require.NoError(t, g())')],
        'src/lib.rs': [
          'pub fn f() -> u8 { 1 }',
          '#[cfg(test)]',
          'mod tests {',
          '    #[test]',
          '    fn one() {',
          '        assert!(super::f() > 0);',
          '    }',
          '}',
        ],
        'src/test/java/ATest.java': [
          'class ATest {',
          '  @Test',
          '  void sums() {',
          '    assertEquals(3, sum(1, 2));',
          '  }',
          '}',
        ],
      },
    },
    [
      'error lost-assertion a_test.go:5',
      'error lost-assertion src/lib.rs:5',
      'error lost-assertion src/test/java/ATest.java:4',
      'error lost-assertion tests/test_a.py:2',
    ],
  ],
  'a new empty assertion does not pay for a lost one': [
    {
      before: { 'cart.spec.ts': spec(adds, removes) },
      after: {
        'cart.spec.ts': spec(
          adds.map((line) => line.replace('expect(cart.total).toBe(3)', 'expect(true).toBe(true)')),
          removes,
        ),
      },
    },
    ['error lost-assertion cart.spec.ts:4', 'warning trivial-assertion cart.spec.ts:4'],
  ],
  'nor do new tests elsewhere': [
    {
      before: { 'cart.spec.ts': spec(adds, removes) },
      after: {
        'cart.spec.ts': spec(adds.slice(0, 2).concat('});'), removes),
        'new.spec.ts': [
          "it('formats the invoice number', () => {",
          "  expect(invoice(7)).toBe('INV-0007');",
          "  expect(invoice(8)).toBe('INV-0008');",
          '});',
        ],
      },
    },
    ['error lost-assertion cart.spec.ts:3'],
  ],
  'an assertion that asks for less': [
    {
      before: { 'cart.spec.ts': spec(adds) },
      after: { 'cart.spec.ts': spec(adds.map((line) => line.replace('toBe(3)', 'toBeDefined()'))) },
    },
    ['warning loosened-assertion cart.spec.ts:4'],
  ],
  'deleted tests and test files': [
    {
      before: {
        'cart.spec.ts': spec(adds, removes),
        'test_b.py': ['def test_one():', '    assert one() == 1', 'def test_two():', '    assert two() == 2'],
        'src/b.py': ['def one(): return 1', 'def two(): return 2'],
      },
      after: { 'cart.spec.ts': spec(adds), 'test_b.py': null },
    },
    ['error deleted-test cart.spec.ts:6', 'error deleted-test-file test_b.py:1'],
  ],
  'a test commented out': [
    {
      before: { 'cart.spec.ts': spec(adds, removes) },
      after: {
        'cart.spec.ts': spec(
          adds,
          removes.map((line) => `// ${line}`),
        ),
      },
    },
    ['error deleted-test cart.spec.ts:7'],
  ],
  'tests switched off, in many frameworks': [
    {
      before: {
        'a.spec.ts': spec(adds, removes),
        'test_b.py': ['def test_b():', '    assert b() == 1'],
        'c_test.go': ['package c', ...goTest('TestC', 'require.True(t, c())')],
        'src/d.rs': [
          '#[cfg(test)]',
          'mod tests {',
          '    #[test]',
          '    fn d() {',
          '        assert!(true_d());',
          '    }',
          '}',
        ],
        'ETest.java': ['class ETest {', '  @Test', '  void e() { assertTrue(e1()); }', '}'],
        'f_spec.rb': ["it 'works' do", '  expect(f).to eq(1)', 'end'],
        'g.bats': ['@test "g runs" {', '  run g', '  [ "$status" -eq 0 ]', '}'],
      },
      after: {
        'a.spec.ts': spec(
          adds.map((line) => line.replace('it(', 'it.skip(')),
          removes.map((line) => line.replace('it(', 'it.only(')),
        ),
        'test_b.py': ['@pytest.mark.skip(reason="flaky")', 'def test_b():', '    assert b() == 1'],
        'c_test.go': ['package c', ...goTest('TestC', 't.Skip("later")', 'require.True(t, c())')],
        'src/d.rs': [
          '#[cfg(test)]',
          'mod tests {',
          '    #[test]',
          '    #[ignore]',
          '    fn d() {',
          '        assert!(true_d());',
          '    }',
          '}',
        ],
        'ETest.java': ['class ETest {', '  @Disabled', '  @Test', '  void e() { assertTrue(e1()); }', '}'],
        'f_spec.rb': ["xit 'works' do", '  expect(f).to eq(1)', 'end'],
        'g.bats': ['@test "g runs" {', '  skip "no g"', '  run g', '  [ "$status" -eq 0 ]', '}'],
      },
    },
    [
      'error skipped-test ETest.java:2',
      'error skipped-test a.spec.ts:2',
      'error focused-test a.spec.ts:7',
      'error skipped-test c_test.go:3',
      'error skipped-test f_spec.rb:1',
      'error skipped-test g.bats:2',
      'error skipped-test src/d.rs:4',
      'error skipped-test test_b.py:1',
    ],
  ],
  'a new test that does not run, and one skipped under a condition': [
    {
      before: { 'c_test.go': ['package c', ...goTest('TestC', 'require.True(t, c())')] },
      after: {
        'c_test.go': [
          'package c',
          ...goTest('TestC', 'if testing.Short() {', '\tt.Skip("slow")', '}', 'require.True(t, c())'),
        ],
        'n.spec.ts': ["it.skip('is new', () => {", '  expect(n()).toBe(1);', '});'],
      },
    },
    ['warning skipped-test c_test.go:4', 'warning skipped-test n.spec.ts:1'],
  ],
  'a condition where a name would stand, and its absence': [
    {
      before: {
        'a.spec.ts': ["test('a', async () => {", '  await expect(page).toHaveURL(a);', '});'],
        'b.spec.ts': ["test('b', async () => {", '  await expect(page).toHaveURL(b);', '});'],
        'c.spec.ts': ["const name = 'c';", 'it(name, () => {', '  expect(c()).toBe(1);', '});'],
        'test_d.py': ['def test_d():', '    assert d() == 1'],
      },
      after: {
        'a.spec.ts': [
          "test('a', async ({ browserName }) => {",
          "  test.skip(browserName === 'webkit', 'not there yet');",
          '  await expect(page).toHaveURL(a);',
          '});',
        ],
        'b.spec.ts': ["test('b', async () => {", '  test.skip();', '  await expect(page).toHaveURL(b);', '});'],
        'c.spec.ts': ["const name = 'c';", 'it.skip(name, () => {', '  expect(c()).toBe(1);', '});'],
        'test_d.py': [
          '@pytest.mark.xfail(',
          '    PY_3_14_PLUS, reason="broken"',
          ')',
          'def test_d():',
          '    assert d() == 1',
        ],
      },
    },
    [
      'warning skipped-test a.spec.ts:2',
      'error skipped-test b.spec.ts:2',
      'error skipped-test c.spec.ts:2',
      'warning skipped-test test_d.py:1',
    ],
  ],
  'a comparison of the whole that leaves other values out': [
    {
      before: {
        'a.spec.ts': [
          "it('a', () => {",
          '  expect(r.x).toBe(1);',
          '  expect(other.y).toBe(2);',
          '  expect(third()).toBe(3);',
          '});',
        ],
      },
      after: { 'a.spec.ts': ["it('a', () => {", '  expect(r).toEqual({ x: 1 });', '});'] },
    },
    ['error lost-assertion a.spec.ts:2'],
  ],
  'lowered bars': [
    {
      before: {
        'jest.config.js': [
          'export default {',
          '  coverageThreshold: {',
          '    global: { branches: 90, lines: 95 },',
          '  },',
          '};',
        ],
        'pyproject.toml': ['[tool.coverage.report]', 'fail_under = 90'],
        'package.json': ['{ "scripts": {', '  "lint": "eslint --max-warnings 0 ."', '} }'],
        'codecov.yml': [
          'coverage:',
          '  status:',
          '    project:',
          '      default:',
          '        target: 80%',
          '        threshold: 1%',
        ],
        'pom.xml': ['<rule>', '  <minimum>0.80</minimum>', '</rule>'],
        '.nycrc': ['{ "check-coverage": true }'],
      },
      after: {
        'jest.config.js': [
          'export default {',
          '  coverageThreshold: {',
          '    global: { branches: 60, lines: 95 },',
          '  },',
          '};',
        ],
        'pyproject.toml': ['[tool.coverage.report]', 'fail_under = 50'],
        'package.json': ['{ "scripts": {', '  "lint": "eslint --max-warnings 50 ."', '} }'],
        'codecov.yml': [
          'coverage:',
          '  status:',
          '    project:',
          '      default:',
          '        target: 80%',
          '        threshold: 20%',
        ],
        'pom.xml': ['<rule>', '  <minimum>0.10</minimum>', '</rule>'],
        '.nycrc': ['{ }'],
      },
    },
    [
      'error removed-threshold .nycrc:1',
      'error lowered-threshold codecov.yml:6',
      'error lowered-threshold jest.config.js:3',
      'error lowered-threshold package.json:2',
      'error lowered-threshold pom.xml:2',
      'error lowered-threshold pyproject.toml:2',
    ],
  ],
  'failures without consequence': [
    {
      before: {
        '.github/workflows/ci.yml': workflow('- uses: actions/checkout@v4', '- name: unit', '  run: npm test'),
        'package.json': ['{ "scripts": {', '  "test": "jest"', '} }'],
        Makefile: ['test:', '\tgo test ./...'],
        'scripts/ci.sh': ['#!/bin/sh', 'pytest -q'],
        '.gitlab-ci.yml': ['unit:', '  script:', '    - cargo test'],
      },
      after: {
        '.github/workflows/ci.yml': workflow(
          '- uses: actions/checkout@v4',
          '- name: unit',
          '  continue-on-error: true',
          '  run: npm test',
        ),
        'package.json': ['{ "scripts": {', '  "test": "jest --passWithNoTests"', '} }'],
        Makefile: ['test:', '\tgo test ./... || true'],
        'scripts/ci.sh': ['#!/bin/sh', 'pytest -q', 'exit 0'],
        '.gitlab-ci.yml': ['unit:', '  allow_failure: true', '  script:', '    - cargo test'],
      },
    },
    [
      'error ignored-failure .github/workflows/ci.yml:9',
      'error ignored-failure .gitlab-ci.yml:2',
      'error ignored-failure Makefile:2',
      'error ignored-failure package.json:2',
      'error ignored-failure scripts/ci.sh:3',
    ],
  ],
  'commands that no longer run': [
    {
      before: {
        '.github/workflows/ci.yml': workflow('- run: npm run build', '- run: npm test'),
        'package.json': ['{ "scripts": {', '  "test": "vitest run"', '} }'],
      },
      after: {
        '.github/workflows/ci.yml': workflow('- run: npm run build'),
        'package.json': ['{ "scripts": {', '  "test": "echo ok"', '} }'],
      },
    },
    ['error removed-test-command .github/workflows/ci.yml:7', 'error removed-test-command package.json:2'],
  ],
  'a build that ran tests and no longer does': [
    { before: { 'build.sh': ['mvn -B package'] }, after: { 'build.sh': ['mvn -B package -DskipTests'] } },
    ['error ignored-failure build.sh:1'],
  ],
  'a step switched off, and tests left out': [
    {
      before: { '.github/workflows/ci.yml': workflow('- run: npm test'), 'jest.config.js': ['export default {};'] },
      after: {
        '.github/workflows/ci.yml': workflow('- if: false', '  run: npm test'),
        'jest.config.js': ["export default { testPathIgnorePatterns: ['src/cart'] };"],
      },
    },
    ['error ignored-failure .github/workflows/ci.yml:7', 'warning excluded-tests jest.config.js:1'],
  ],
};

const silent: Record<string, Story> = {
  'versions that fall in one of their parts': {
    before: {
      'package.json': [
        '{',
        '  "devDependencies": {',
        '    "@vitest/coverage-v8": "^1.6.1",',
        '    "coverage-badges": "2.9"',
        '  }',
        '}',
      ],
      'pyproject.toml': [
        '[project.optional-dependencies]',
        'test = ["coverage==7.4.4", "pytest-cov>=5.9"]',
        '[tool.poetry.dependencies]',
        'coverage = "7.9"',
        '[tool.ruff]',
        'target-version = "py312"',
      ],
      '.github/workflows/ci.yml': workflow('- uses: codecov/codecov-action@v5.0.7', '- run: npm test'),
      'vite.config.ts': ['export default {', "  build: { target: 'es2022' },", '  test: { coverage: {} },', '};'],
      'ci/up.sh': ['curl --retry 3 -o a https://a.io', 'docker run --health-retries 5 a'],
      'pom.xml': ['<jacoco.version>0.8.12</jacoco.version>', '<coverage.version>1.9</coverage.version>'],
    },
    after: {
      'package.json': [
        '{',
        '  "devDependencies": {',
        '    "@vitest/coverage-v8": "^2.0.0",',
        '    "coverage-badges": "2.1"',
        '  }',
        '}',
      ],
      'pyproject.toml': [
        '[project.optional-dependencies]',
        'test = ["coverage==7.5.0", "pytest-cov>=6.0"]',
        '[tool.poetry.dependencies]',
        'coverage = "7.10"',
        '[tool.ruff]',
        'target-version = "py310"',
      ],
      '.github/workflows/ci.yml': workflow('- uses: codecov/codecov-action@v5.1.0', '- run: npm test'),
      'vite.config.ts': ['export default {', "  build: { target: 'es2020' },", '  test: { coverage: {} },', '};'],
      'ci/up.sh': ['curl --retry 5 -o a https://a.io', 'docker run --health-retries 9 a'],
      'pom.xml': ['<jacoco.version>0.8.2</jacoco.version>', '<coverage.version>1.1</coverage.version>'],
    },
  },
  'assertions on members that became one on the whole': {
    before: {
      'a.spec.ts': spec([
        "it('reads', () => {",
        '  expect(r.x).toBe(1);',
        '  expect(r.y).toBe(2);',
        '  expect(r.z).toBe(3);',
        '});',
      ]),
      'b_test.go': [
        'package b',
        ...goTest('TestB', 'require.Equal(t, 1, got.X)', 'require.Equal(t, 2, got.Y)', 'require.Equal(t, 3, got.Z)'),
      ],
      'tests/test_c.py': [
        'def test_c():',
        '    c = f()',
        '    assert len(c) == 2',
        '    assert c[0] == a',
        '    assert c[1] == b',
      ],
    },
    after: {
      'a.spec.ts': spec(["it('reads', () => {", '  expect(r).toEqual({ x: 1, y: 2, z: 3 });', '});']),
      'b_test.go': ['package b', ...goTest('TestB', 'require.Equal(t, T{1, 2, 3}, got)')],
      'tests/test_c.py': [
        'def test_c():',
        '    assert f() == [',
        '        a,',
        '        b,',
        '        extra,',
        '    ]',
      ],
    },
  },
  'assertions of a field, and tests of a method, that go with it': {
    before: {
      'src/user.ts': [
        'export class User {',
        '  nickname: string;',
        '  email: string;',
        '  shout(loud: boolean): string {',
        '    return this.email;',
        '  }',
        '}',
      ],
      'src/user.spec.ts': [
        "it('has both', () => {",
        "  expect(user.nickname).toBe('a');",
        "  expect(user.email).toBe('b');",
        '});',
        "it('is loud', () => {",
        "  expect(user.shout(true)).toBe('B');",
        '});',
      ],
    },
    after: {
      'src/user.ts': ['export class User {', '  email: string;', '}'],
      'src/user.spec.ts': ["it('has both', () => {", "  expect(user.email).toBe('b');", '});'],
    },
  },
  'an assertion said twice and now once, or broken over lines': {
    before: {
      'tests/test_a.py': [
        'def test_a():',
        '    assert one is two',
        '    assert one is two',
        'def test_b():',
        '    with pytest.raises(',
        '        TypeError, match="a"',
        '    ):',
        '        b()',
        'def test_c():',
        '    with pytest.raises(TypeError, match="c"):',
        '        c()',
      ],
    },
    after: {
      'tests/test_a.py': [
        'def test_a():',
        '    assert one is two',
        'def test_b():',
        '    with pytest.raises(TypeError, match="a"):',
        '        b()',
        'def test_c():',
        '    with pytest.raises(',
        '        TypeError, match="see"',
        '    ):',
        '        c()',
      ],
    },
  },
  'the test scripts of vendored packages': {
    before: { 'vendor/x/package.json': ['{', '  "scripts": { "test": "mocha" }', '}'] },
    after: { 'vendor/x/package.json': ['{', '  "scripts": {}', '}'], 'a.spec.ts': ['run();'] },
  },
  'a test moved to another file': {
    before: { 'a.spec.ts': spec(adds, removes) },
    after: { 'a.spec.ts': spec(adds), 'b.spec.ts': spec(removes) },
  },
  'a test renamed, or rewritten': {
    before: { 'a.spec.ts': spec(adds, removes) },
    after: {
      'a.spec.ts': spec(
        adds.map((line) => line.replace('adds a price', 'adds the price of an item')),
        ["it('empties', () => {", '  const left = clear(full);', '  expect(left.items).toEqual([]);', '});'],
      ),
    },
  },
  'a test file renamed and reindented': {
    before: { 'old.test.js': spec(adds, removes) },
    after: {
      'old.test.js': null,
      'test/new.test.js': spec(adds, removes).map((line) => line.replace(/^ {2}/, '    ')),
    },
  },
  'cases merged into a table': {
    before: {
      'a.spec.ts': [
        "it('one', () => {",
        '  expect(f(1)).toBe(1);',
        '});',
        "it('two', () => {",
        '  expect(f(2)).toBe(4);',
        '});',
        "it('three', () => {",
        '  expect(f(3)).toBe(9);',
        '});',
      ],
    },
    after: {
      'a.spec.ts': [
        'it.each([[1, 1], [2, 4], [3, 9]])(',
        "  'squares %d',",
        '  (n, squared) => {',
        '    expect(f(n)).toBe(squared);',
        '  },',
        ');',
      ],
    },
  },
  'assertions moved into a helper': {
    before: { 'a.spec.ts': spec(adds) },
    after: {
      'a.spec.ts': [
        'function holds(cart: Cart, total: number, count: number) {',
        '  expect(cart.total).toBe(total);',
        '  expect(cart.items).toHaveLength(count);',
        '}',
        ...spec(["it('adds a price', () => {", '  holds(add(empty, 3), 3, 1);', '});']),
      ],
    },
  },
  'a test split in two': {
    before: { 'a.spec.ts': spec(adds) },
    after: {
      'a.spec.ts': spec(
        adds.filter((line) => !line.includes('items')),
        ["it('counts items', () => {", '  expect(add(empty, 3).items).toHaveLength(1);', '});'],
      ),
    },
  },
  'tests of code that goes with them': {
    before: {
      'src/legacy.py': ['def legacy_total(x):', '    return x'],
      'src/keep.py': ['def keep(): return 1'],
      'tests/test_legacy.py': ['def test_legacy():', '    assert legacy_total(1) == 1'],
    },
    after: { 'src/legacy.py': null, 'tests/test_legacy.py': null },
  },
  'expected values that changed': {
    before: { 'a_test.go': ['package a', ...goTest('TestA', 'require.Equal(t, 2, f(1))')] },
    after: { 'a_test.go': ['package a', ...goTest('TestA', 'require.Equal(t, 3, f(1))')] },
  },
  'new tests, new todo notes, and a test switched on again': {
    before: { 'a.spec.ts': spec(adds.map((line) => line.replace('it(', 'it.skip('))) },
    after: { 'a.spec.ts': spec(adds, removes, ["it.todo('rounds');"]) },
  },
  'higher bars, and other numbers': {
    before: {
      'jest.config.js': [
        'export default {',
        '  coverageThreshold: { global: { lines: 80 } },',
        '  testTimeout: 60000,',
        '  maxWorkers: 4,',
        '};',
      ],
      'package.json': ['{', '  "version": "2.0.0"', '}'],
    },
    after: {
      'jest.config.js': [
        'export default {',
        '  coverageThreshold: { global: { lines: 90 } },',
        '  testTimeout: 30000,',
        '  maxWorkers: 2,',
        '};',
      ],
      'package.json': ['{', '  "version": "1.9.0"', '}'],
    },
  },
  'failures of other commands that may be ignored': {
    before: {
      '.github/workflows/ci.yml': workflow('- run: npm test', '- run: docker rm old'),
      'scripts/a.sh': ['#!/bin/sh', 'set -e', 'if [ -z "$1" ]; then', '  echo usage', 'fi', 'pytest'],
    },
    after: {
      '.github/workflows/ci.yml': workflow(
        '- run: npm test',
        '- run: docker rm old || true',
        '- uses: upload@v1',
        '  continue-on-error: true',
      ),
      'scripts/a.sh': ['#!/bin/sh', 'set -e', 'if [ -z "$1" ]; then', '  exit 0', 'fi', 'pytest'],
    },
  },
  'a test command reworded or moved': {
    before: { '.github/workflows/ci.yml': workflow('- run: npm test'), Makefile: ['all:', '\ttrue'] },
    after: {
      '.github/workflows/ci.yml': workflow('- run: make check'),
      Makefile: ['all:', '\ttrue', 'check:', '\tnpx vitest run'],
    },
  },
  'duplicates taken away, and typos mended in names': {
    before: {
      'a.spec.ts': spec(adds, removes, adds),
      'b.spec.ts': spec([
        "it('should presist store', () => {",
        '  expect(a()).toBe(1);',
        '});',
        "it('should presist store on error', () => {",
        '  expect(b()).toBe(1);',
        '  expect(b()).toBe(1);',
        '});',
      ]),
    },
    after: {
      'a.spec.ts': spec(adds, removes),
      'b.spec.ts': spec([
        "it('should persist store', () => {",
        '  expect(a()).toBe(1);',
        '});',
        "it('should persist store on error', () => {",
        '  expect(b()).toBe(1);',
        '});',
      ]),
    },
  },
  'builds that leave tests to another step': {
    before: { '.github/workflows/ci.yml': workflow('- run: mvn verify') },
    after: {
      '.github/workflows/ci.yml': workflow('- run: mvn verify', '- run: mvn package japicmp:cmp -Dmaven.test.skip'),
    },
  },
  'calls that only look like tests': {
    before: { 'a.itest.ts': ["await test.query('truncate a');", "context.load('b');", 'pattern.test("c");'] },
    after: { 'a.itest.ts': ['await reset();'] },
  },
  'skips named in strings and other code': {
    after: {
      'lint.spec.ts': [
        "it('finds it.only( in text', () => {",
        '  expect(lint(\'it.skip("x")\')).toEqual([]);',
        '  expect(/a/.test(b)).toBe(true);',
        '});',
      ],
      'src/page.ts': ['query.skip(10);', 'export const only = list.only;'],
    },
  },
};

describe('tests-weakened', () => {
  it.each(Object.entries(told))('tells %s', async (_, [story, findings]) => {
    expect(await judged('tests-weakened', story)).toEqual(findings);
  });

  it.each(Object.entries(silent))('is silent about %s', async (_, story) => {
    expect(await judged('tests-weakened', story)).toEqual([]);
  });

  it('abstains when nothing about tests is touched', async () => {
    expect(await judged('tests-weakened', { after: { 'src/a.ts': ['a();'] } })).toEqual([
      'abstains: the change touches no test and nothing that runs tests',
    ]);
  });
});
