import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { run } from './processes/run.js';

const reporter = join(import.meta.dirname, '../jest/closing-line.mjs');

describe('the closing line', () => {
  it.each([
    [{ numPassedTests: 7, numFailedTests: 0, numPendingTests: 0, numRuntimeErrorTestSuites: 0 }, '7 passed, 0 failed'],
    [
      { numPassedTests: 7, numFailedTests: 1, numPendingTests: 3, numRuntimeErrorTestSuites: 1 },
      '7 passed, 2 failed, 3 skipped',
    ],
  ])('counts what passed, failed and was skipped: %j', async (results, line) => {
    const program = `import Line from '${reporter}'; new Line().onRunComplete([], ${JSON.stringify(results)});`;
    expect(await run(process.execPath, ['--input-type=module', '-e', program])).toMatchObject({ stdout: `${line}\n` });
  });
});
