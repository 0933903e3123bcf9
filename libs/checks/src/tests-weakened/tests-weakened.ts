/** Whether a change makes it easier to pass: fewer tests, weaker assertions, lower bars, failures without consequence. */
import { canonicalFindings, type Check } from '../check.js';
import { ignoredFailures, runsCommands } from './ignored-failures.js';
import { lostAssertions, lostTests } from './lost-tests.js';
import { skippedTests } from './skipped-tests.js';
import { mayHoldTests, testSides } from './test-sides.js';
import { isTestConfig, loweredThresholds } from './thresholds.js';

export const testsWeakened: Check = {
  id: 'tests-weakened',
  version: '1.0.0',
  family: 'conclave',
  title: 'Tests weakened',
  description:
    'Finds lost assertions, tests deleted or switched off, lowered thresholds, and test commands whose failure no longer counts. What is moved, renamed or rewritten in the same change is not lost.',
  limits:
    'Tests are found by file name and by the headers of common frameworks. In one file a new test pays for a deleted one, and a table for any number; whether it tests as much is not judged. Tests of code that the same change deletes may go. A changed expected value is not judged.',
  reads: ({ path, oldPath }) => mayHoldTests(path, oldPath) || isTestConfig(path) || runsCommands(path),
  readsContext: true,
  run(change) {
    const sides = testSides(change);
    const configured = change.files.some(({ path }) => isTestConfig(path) || runsCommands(path));
    if (sides.views.length === 0 && !configured) {
      return { applies: false, reason: 'the change touches no test and nothing that runs tests' };
    }
    const findings = [
      ...lostTests(change, sides),
      ...lostAssertions(change, sides),
      ...skippedTests(sides),
      ...loweredThresholds(change),
      ...ignoredFailures(change),
    ];
    return { applies: true, findings: canonicalFindings(findings) };
  },
};
