import { writeSync } from 'node:fs';

/**
 * Closes a run with one plain line, so that a person, a script and CI read the same verdict. It is written as the
 * process ends, below Jest's own summary. A suite that cannot be loaded counts as one failure.
 */
export default class ClosingLine {
  onRunComplete(_contexts, { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites }) {
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : '';
    process.once('exit', () => writeSync(1, `${numPassedTests} passed, ${failed} failed${skipped}\n`));
  }
}
