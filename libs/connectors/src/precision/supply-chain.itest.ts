import { describe, expect, it } from '@jest/globals';
import { judged, type Story } from './judged.js';

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const manifest = (dependencies: Record<string, string>, more: object = {}): string =>
  json({ name: 'app', version: '1.0.0', ...more, dependencies });
interface Pin {
  version: string;
  integrity?: string;
  host?: string;
  script?: boolean;
}
const lock = (dependencies: Record<string, string>, pins: Record<string, Pin>): string =>
  json({
    name: 'app',
    lockfileVersion: 3,
    packages: {
      '': { name: 'app', dependencies },
      ...Object.fromEntries(
        Object.entries(pins).map(
          ([
            name,
            { version, integrity = `sha512-${name}${version}`, host = 'https://registry.npmjs.org', script },
          ]) => [
            `node_modules/${name}`,
            {
              version,
              resolved: `${host}/${name}/-/${name}-${version}.tgz`,
              integrity,
              ...(script ? { hasInstallScript: true } : {}),
            },
          ],
        ),
      ),
    },
  });
const workflow = (...lines: string[]): string[] => ['name: ci', ...lines];
const sha = 'a'.repeat(40);

const told: Record<string, [Story, string[]]> = {
  'manifests ahead of their lockfiles, in many ecosystems': [
    {
      before: {
        'package.json': manifest({ a: '^1.0.0' }),
        'package-lock.json': lock({ a: '^1.0.0' }, { a: { version: '1.0.0' } }),
        'rs/Cargo.toml': ['[package]', 'name = "r"', '[dependencies]', 'serde = "1.0"'],
        'rs/Cargo.lock': ['[[package]]', 'name = "serde"', 'version = "1.0.1"'],
        'go/go.mod': ['module x', '', 'require (', '\tgithub.com/a/b v1.0.0', ')'],
        'go/go.sum': ['github.com/a/b v1.0.0 h1:x='],
        'py/pyproject.toml': ['[project]', 'dependencies = [', '  "requests>=2",', ']'],
        'py/uv.lock': ['[[package]]', 'name = "requests"', 'version = "2.0.0"'],
        'rb/Gemfile': ['gem "rails", "~> 7"'],
        'rb/Gemfile.lock': ['GEM', '  specs:', '    rails (7.0.0)'],
        'php/composer.json': json({ require: { 'a/b': '^1' } }),
        'php/composer.lock': json({ packages: [] }),
      },
      after: {
        'package.json': manifest({ a: '^1.0.0', 'left-pad': '^1.3.0' }),
        'rs/Cargo.toml': ['[package]', 'name = "r"', '[dependencies]', 'serde = "1.0"', 'rand = "0.8"'],
        'go/go.mod': ['module x', '', 'require (', '\tgithub.com/a/b v1.1.0', ')'],
        'py/pyproject.toml': ['[project]', 'dependencies = [', '  "requests>=2",', '  "httpx",', ']'],
        'rb/Gemfile': ['gem "rails", "~> 7"', 'gem "pg"'],
        'php/composer.json': json({ require: { 'a/b': '^2' } }),
      },
    },
    [
      'error lockfile-behind go/go.mod:4',
      'error lockfile-behind package.json:6',
      'error lockfile-behind php/composer.json:3',
      'error lockfile-behind py/pyproject.toml:4',
      'error lockfile-behind rb/Gemfile:2',
      'error lockfile-behind rs/Cargo.toml:5',
    ],
  ],
  'a lockfile that was touched and still disagrees': [
    {
      before: {
        'package.json': manifest({ a: '^1.0.0' }),
        'package-lock.json': lock({ a: '^1.0.0' }, { a: { version: '1.0.0' } }),
      },
      after: {
        'package.json': manifest({ a: '^2.0.0' }),
        'package-lock.json': lock({ a: '^1.0.0' }, { a: { version: '1.0.1' } }),
      },
    },
    ['error lockfile-behind package.json:5'],
  ],
  'other hosts, other bytes, code on install': [
    {
      before: {
        'package-lock.json': lock({ a: '1', b: '1' }, { a: { version: '1.0.0' }, b: { version: '1.0.0' } }),
        'go.sum': ['x.io/a v1.0.0 h1:AAAA='],
      },
      after: {
        'package-lock.json': lock(
          { a: '1', b: '1', c: '1' },
          {
            a: { version: '1.0.0', integrity: 'sha512-other' },
            b: { version: '1.0.1', host: 'https://evil.example.net' },
            c: { version: '1.0.0', script: true },
          },
        ),
        'go.sum': ['x.io/a v1.0.0 h1:BBBB='],
      },
    },
    [
      'error lockfile-integrity go.sum:1',
      'error lockfile-integrity package-lock.json:16',
      'error lockfile-host package-lock.json:20',
      'warning install-script package-lock.json:23',
    ],
  ],
  'lifecycle scripts, registries and protections': [
    {
      before: {
        'package.json': manifest({}, { scripts: { build: 'tsc' } }),
        '.npmrc': 'save-exact=true\n',
        'requirements.txt': ['flask==3.0'],
      },
      after: {
        'package.json': manifest({}, { scripts: { build: 'tsc', postinstall: 'node setup.js', prepare: 'husky' } }),
        '.npmrc': 'save-exact=true\nregistry=https://npm.acme.io/\nstrict-ssl=false\n',
        'requirements.txt': ['--extra-index-url http://pypi.acme.io/simple', 'flask==3.0'],
      },
    },
    [
      'warning registry .npmrc:2',
      'error protection-off .npmrc:3',
      'error install-script package.json:6',
      'warning install-script package.json:7',
      'error registry requirements.txt:1',
    ],
  ],
  'dependencies from addresses': [
    {
      before: { 'package.json': manifest({}), 'Cargo.toml': ['[dependencies]'], 'requirements.txt': ['a==1'] },
      after: {
        'package.json': manifest({
          a: 'github:acme/a',
          b: 'http://acme.io/b.tgz',
          c: `git+https://github.com/acme/c.git#${sha}`,
        }),
        'Cargo.toml': ['[dependencies]', 'x = { git = "https://github.com/acme/x" }'],
        'requirements.txt': ['a==1', 'git+https://github.com/acme/z.git'],
      },
    },
    [
      'warning dependency-address Cargo.toml:2',
      'warning dependency-address package.json:5',
      'error dependency-address package.json:6',
      'warning dependency-address package.json:7',
      'warning dependency-address requirements.txt:2',
    ],
  ],
  'pipelines with more rights than sense': [
    {
      before: {
        '.github/workflows/pr.yml': workflow(
          'on: pull_request',
          'jobs:',
          '  a:',
          '    steps:',
          '      - uses: actions/checkout@v4',
        ),
      },
      after: {
        '.github/workflows/pr.yml': workflow(
          'on: pull_request_target',
          'permissions: write-all',
          'jobs:',
          '  a:',
          '    steps:',
          '      - uses: actions/checkout@v4',
          '        with:',
          '          ref: ${{ github.event.pull_request.head.sha }}',
          '      - uses: acme/setup@main',
          '      - uses: acme/deploy@v2',
          '      - run: |',
          '          echo "${{ github.event.pull_request.title }}"',
          '      - run: curl -sSL https://get.acme.io | sh',
        ),
        Dockerfile: ['FROM debian', 'RUN curl https://sh.rustup.rs | sh -s -- -y'],
      },
    },
    [
      'error broad-permissions .github/workflows/pr.yml:3',
      'error privileged-checkout .github/workflows/pr.yml:9',
      'warning unpinned-action .github/workflows/pr.yml:10',
      'warning unpinned-action .github/workflows/pr.yml:11',
      'error script-injection .github/workflows/pr.yml:13',
      'error remote-code .github/workflows/pr.yml:14',
      'warning remote-code Dockerfile:2',
    ],
  ],
};

const bundled = (extraneous: string): string =>
  json({
    lockfileVersion: 3,
    packages: {
      '': { dependencies: { b: '1' } },
      'node_modules/b': { version: '1.0.0', integrity: 'sha512-b' },
      'node_modules/b/node_modules/c': { version: '2.0.0', inBundle: true },
      'node_modules/c': { version: '2.0.0', integrity: 'sha512-c' },
      [`node_modules/${extraneous}`]: { version: '1.0.0', integrity: 'sha512-e' },
    },
  });

const silent: Record<string, Story> = {
  'a bundled package, whose bytes its bundler pins': {
    before: { 'package-lock.json': bundled('d') },
    after: { 'package-lock.json': bundled('e') },
  },
  'a Git revision that moves, and a crate under another name': {
    before: {
      'Cargo.toml': ['[dependencies]', 'x = { git = "https://github.com/acme/x", rev = "0f00ba4" }'],
      'Cargo.lock': ['[[package]]', 'name = "x"', 'version = "0.3.0"'],
    },
    after: {
      'Cargo.toml': [
        '[dependencies]',
        'x = { git = "https://github.com/acme/x", rev = "9c1d2e3" }',
        'random = { package = "rand", version = "0.8" }',
      ],
      'Cargo.lock': [
        '[[package]]',
        'name = "rand"',
        'version = "0.8.5"',
        '',
        '[[package]]',
        'name = "x"',
        'version = "0.4.0"',
      ],
    },
  },
  'manifest and lockfile together': {
    before: {
      'package.json': manifest({ a: '^1.0.0' }),
      'package-lock.json': lock({ a: '^1.0.0' }, { a: { version: '1.0.0' } }),
    },
    after: {
      'package.json': manifest({ a: '^1.1.0' }),
      'package-lock.json': lock({ a: '^1.1.0' }, { a: { version: '1.1.0' } }),
    },
  },
  'manifests changed in other parts': {
    before: {
      'package.json': manifest({ a: '^1.0.0' }),
      'package-lock.json': lock({ a: '^1.0.0' }, { a: { version: '1.0.0' } }),
      'Cargo.toml': ['[package]', 'version = "0.1.0"', '[dependencies]', 'a = "1.2"'],
      'Cargo.lock': ['[[package]]', 'name = "a"', 'version = "1.4.0"'],
    },
    after: {
      'package.json': manifest({ a: '^1.0.0' }, { scripts: { test: 'jest' }, version: '1.0.1' }),
      'Cargo.toml': ['[package]', 'version = "0.2.0"', '[dependencies]', 'a = "1.3"'],
    },
  },
  'what a lockfile does not lock': {
    before: {
      'pyproject.toml': ['[build-system]', 'requires = ["flit_core<4"]', '[project]', 'dependencies = ["a"]'],
      'uv.lock': ['[[package]]', 'name = "a"'],
    },
    after: {
      'pyproject.toml': ['[build-system]', 'requires = ["flit_core>=3.11,<4"]', '[project]', 'dependencies = ["a"]'],
    },
  },
  'libraries without a lockfile': {
    before: { 'package.json': manifest({ a: '^1.0.0' }), 'go.mod': ['module x'] },
    after: { 'package.json': manifest({ a: '^1.0.0', b: '1' }), 'go.mod': ['module x', 'require y.io/z v1.0.0'] },
  },
  'packages of the same workspace': {
    before: {
      'package.json': json({ name: 'root', workspaces: ['p/*'] }),
      'pnpm-lock.yaml': ['lockfileVersion: 9'],
      'p/a/package.json': json({ name: '@w/a' }),
      'p/b/package.json': json({ name: '@w/b' }),
    },
    after: { 'p/b/package.json': json({ name: '@w/b', dependencies: { '@w/a': '1.0.0', c: 'workspace:*' } }) },
  },
  'a lockfile refreshed by itself': {
    before: {
      'package-lock.json': lock({ a: '^1' }, { a: { version: '1.0.0', script: true }, b: { version: '1.0.0' } }),
    },
    after: {
      'package-lock.json': lock(
        { a: '^1' },
        { a: { version: '1.0.1', script: true }, b: { version: '1.2.0' }, c: { version: '3.0.0' } },
      ),
    },
  },
  'pinned, own and unchanged pipelines': {
    before: {
      '.github/workflows/a.yml': workflow(
        'jobs:',
        '  a:',
        '    steps:',
        '      - uses: acme/setup@v1',
        '      - run: echo ${{ github.sha }}',
      ),
    },
    after: {
      '.github/workflows/a.yml': workflow(
        'permissions:',
        '  contents: read',
        'jobs:',
        '  a:',
        '    steps:',
        '      - uses: acme/setup@v2',
        `      - uses: acme/deploy@${sha} # v3`,
        '      - uses: actions/setup-node@v4',
        '      - uses: ./.github/actions/local',
        '      - env:',
        '          TITLE: ${{ github.event.pull_request.title }}',
        '        run: echo "$TITLE" && curl -o tool.tgz https://acme.io/tool.tgz && sha256sum -c sums',
      ),
    },
  },
  'install advice in prose, manifests of fixtures': {
    before: { 'package-lock.json': lock({}, {}), 'test/fixtures/package.json': manifest({}) },
    after: {
      'README.md': ['# Sample', 'Run `curl https://x.io/install | sh`'],
      'test/fixtures/package.json': manifest({ evil: 'http://x.io/a.tgz' }, { scripts: { postinstall: 'x' } }),
      Makefile: ['a:', '\tcurl https://x.io/a -o a'],
    },
  },
};

describe('supply-chain', () => {
  it.each(Object.entries(told))('tells %s', async (_, [story, findings]) => {
    expect(await judged('supply-chain', story)).toEqual(findings);
  });

  it.each(Object.entries(silent))('is silent about %s', async (_, story) => {
    expect(await judged('supply-chain', story)).toEqual([]);
  });

  it('abstains when neither dependencies nor pipelines are touched', async () => {
    const [reason] = await judged('supply-chain', { after: { 'src/a.ts': ['a();'] } });
    expect(reason).toMatch(/^abstains/);
  });
});
