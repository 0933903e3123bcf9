import tseslint from 'typescript-eslint';

/** Files whose length is their nature: SQL adapters, state tables, vectors, tests. */
const exemptFromCaps = [
  '**/postgres-*.ts',
  '**/*.states.ts',
  '**/vectors/**',
  '**/*.spec.ts',
  '**/*.itest.ts',
  '**/*.nightly.ts',
  '**/test/**',
];
/** Where something goes out other than through `Egress`, and why. */
const exemptFromEgress = [
  // It is what goes out.
  'libs/nest-kit/src/egress/**',
  // To our own services, at the addresses that INTERNAL_URLS names.
  'services/gateway/src/edge/stream-proxy.ts',
  'services/gateway/src/edge/web-socket-tunnel.ts',
  // The SDKs of models and mail, which are given the guard: its `fetch`, or an address that it checked.
  'services/agent-runtime/src/models/model-routes.ts',
  'services/auth/src/mails/smtp.ts',
  // A browser's page, which asks its own origin.
  'services/console/**',
  // Programs on somebody's own machine, which ask the installation they are told.
  'libs/cli/**',
  'libs/sdk/**',
  // Development, benchmarks and tests.
  'libs/dev-env/**',
  '**/bench/**',
  '**/testing/**',
  '**/test/**',
  '**/*.spec.ts',
  '**/*.itest.ts',
  '**/*.nightly.ts',
];
const GUARDED = 'What leaves goes through Egress of @conclave/nest-kit/egress; see docs/adr/0021-one-way-out.md.';

const withoutTypes = ['**/*.mjs', '**/*.cjs', '**/*.js'];

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', 'helm/**/templates/**', '.nx/**', '.conclave/**', 'coverage/**'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 5],
      eqeqeq: 'error',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'no-empty': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'off',
      '@typescript-eslint/ban-ts-comment': 'error',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.object.name='jest'][callee.property.name=/^(mock|unstable_mockModule)$/]",
          message: 'Test on real parts; see docs/STYLE.md.',
        },
        {
          selector: "CallExpression[callee.name='forwardRef']",
          message: 'A circle in the wiring is a fault in the design.',
        },
      ],
    },
  },
  {
    files: ['services/*/src/**/*.ts', 'libs/*/src/**/*.ts'],
    ignores: ['**/*.spec.ts', '**/*.itest.ts', '**/*.nightly.ts', '**/test/**', 'libs/contracts/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'Literal[value=/^(auth|runtime|consensus|audit|metrics|marketplace|delivery)\\.v\\d+\\./]',
          message: 'Subjects live in libs/contracts.',
        },
        {
          selector: "CallExpression[callee.name='forwardRef']",
          message: 'A circle in the wiring is a fault in the design.',
        },
      ],
    },
  },
  {
    files: ['services/*/src/**/*.ts'],
    ignores: ['**/config.ts', '**/*.spec.ts', '**/*.itest.ts', '**/*.nightly.ts', '**/test/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only config.ts reads the environment.' },
      ],
    },
  },
  {
    files: ['services/*/src/**/*.ts', 'libs/*/src/**/*.ts'],
    ignores: exemptFromEgress,
    rules: {
      'no-restricted-globals': [
        'error',
        ...['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest'].map((name) => ({ name, message: GUARDED })),
      ],
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [
            ...['undici', 'node:https', 'node:http2', 'node:tls', 'nodemailer'].map((name) => ({ name })),
            ...['http', 'https', 'http2', 'tls', 'net'].map((name) => ({ name })),
            { name: 'node:http', importNames: ['default', 'request', 'get', 'Agent', 'ClientRequest'] },
            { name: 'node:net', importNames: ['default', 'connect', 'createConnection', 'Socket'] },
            { name: 'ws', importNames: ['default', 'WebSocket'] },
          ].map((path) => ({ ...path, message: GUARDED, allowTypeImports: true })),
          patterns: [{ group: ['@ai-sdk/*'], message: GUARDED, allowTypeImports: true }],
        },
      ],
    },
  },
  { files: exemptFromCaps, rules: { 'max-lines': 'off', 'max-lines-per-function': 'off' } },
  { files: ['services/console/**/*.tsx'], rules: { 'max-lines-per-function': ['error', { max: 120 }] } },
  { files: withoutTypes, extends: [tseslint.configs.disableTypeChecked] },
);
