import Sequencer from '@jest/test-sequencer';

/** Whole installations, the engine under faults, the command as a process and the console in a browser. */
const LONG = /\/(story|chaos|commands|test)\/[^/]+\.itest\.js$/;

/**
 * Long files first. Where nothing is remembered of earlier runs, as in CI, Jest goes by the size of files; the longest
 * are small, and at the end of the run one worker would wait for another.
 */
export default class LongFilesFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    return [...sorted.filter(({ path }) => LONG.test(path)), ...sorted.filter(({ path }) => !LONG.test(path))];
  }
}
