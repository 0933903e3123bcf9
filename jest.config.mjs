import { availableParallelism } from 'node:os';
import { helm } from './helm/conclave/tests/helm.mjs';

/** Without a Helm the chart goes untested and this is said; CI must have one, and fails for want of it. */
const untested = helm || process.env.CI ? [] : ['<rootDir>/helm/'];
if (untested.length > 0) process.stderr.write('The chart is not tested: there is no helm on the PATH.\n');

/** Proofs by others' programs, by the variable that names the program: `deploy/verify/nightly.sh` builds and names them. */
const proofs = {
  S3_SERVER: '/s3-log-store.nightly',
  TLOG_VERIFIER: '/others-code.nightly',
  SAML_PYTHON: ['/foreign-idp.nightly', '/pysaml2.nightly'],
  SIMPLESAMLPHP: '/simplesamlphp.nightly',
  SCIM_PYTHON: '/scim-tester.nightly',
  HOSTILE_PYTHON: '/hostile-clients.nightly',
  LOCAL_KMS: '/local-kms.nightly',
  OPENBAO: '/openbao.nightly',
  SAML_CORPUS: '/public-corpora.nightly',
};
const unproven = Object.keys(proofs).flatMap((name) => (process.env[name] ? [] : proofs[name]));
if (process.env.CONCLAVE_NIGHTLY && unproven.length > 0)
  process.stderr.write(`Left to deploy/verify/nightly.sh: ${unproven.join(', ')}.\n`);

/** What takes minutes runs by night: `*.nightly.ts`, with `npm run nightly`. */
const tier = process.env.CONCLAVE_NIGHTLY
  ? ['**/dist/**/*.nightly.js']
  : ['**/dist/**/*.{spec,itest}.js', '<rootDir>/helm/**/*.spec.mjs'];

/** Tests run on the compiled output: what ships is what is tested (`tsc -b` first). */
export default {
  testEnvironment: 'node',
  transform: {},
  roots: ['<rootDir>/libs', '<rootDir>/services', '<rootDir>/helm'],
  testMatch: tier,
  testPathIgnorePatterns: ['/node_modules/', ...untested, ...unproven],
  modulePathIgnorePatterns: ['<rootDir>/.*/node_modules/'],
  setupFiles: ['<rootDir>/libs/dev-env/jest/setup.mjs'],
  testSequencer: '<rootDir>/libs/dev-env/jest/sequencer.mjs',
  // Tests wait for stores, services and a browser for a third of their time: on two cores, too, three files at once.
  maxWorkers: Math.max(3, availableParallelism() - 1),
  // A worker keeps some 15 MB of every file it ran, and each process that a test starts costs 4 ms more for every GB of them.
  workerIdleMemoryLimit: '500MB',
  reporters: ['default', '<rootDir>/libs/dev-env/jest/closing-line.mjs'],
  testTimeout: 60_000,
  // A worker that leaves frees its heap; on a loaded machine that takes longer than Jest allows.
  workerGracefulExitTimeout: 20_000,
};
