const core = '^libs/(run-core|consensus-core|audit-core|checks|verify)/src';
/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'core-is-pure',
      comment: 'A core takes time, randomness and bytes as arguments; it knows no framework and no I/O.',
      severity: 'error',
      from: { path: core, pathNot: '(\\.spec\\.ts$|/src/test/)' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-peer', 'npm-optional', 'npm-no-pkg', 'core'] },
    },
    {
      name: 'core-knows-only-cores',
      severity: 'error',
      from: { path: core },
      to: { path: '^(libs|services)/', pathNot: '^libs/(run-core|consensus-core|audit-core|checks|verify)/' },
    },
    {
      name: 'services-are-islands',
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/([^/]+)/', pathNot: '^services/$1/' },
    },
    {
      name: 'libs-know-no-service',
      comment: 'dev-env starts services from their compiled entry points, by path.',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^services/' },
    },
    {
      name: 'contracts-depend-on-nothing',
      severity: 'error',
      from: { path: '^libs/contracts/src' },
      to: { path: '^(libs|services)/', pathNot: '^libs/contracts/' },
    },
    {
      name: 'typeorm-stays-in-its-files',
      severity: 'error',
      from: { path: '^(services|libs)/', pathNot: '(\\.entity\\.ts|/postgres-[^/]*\\.ts|^libs/postgres-kit/)' },
      to: { path: 'node_modules/typeorm' },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', 'dist'] },
    exclude: { path: '(/dist/|node_modules/.*/node_modules)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'default'],
      mainFields: ['types', 'main'],
    },
  },
};
