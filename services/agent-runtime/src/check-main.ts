/** The thread that checks run in; see `checks/check-thread.ts`. */
import { parentPort } from 'node:worker_threads';
import { checkById, type Change } from '@conclave/checks';
import type { CheckReply, CheckRequest } from './checks/check-thread.js';

let held: Change | undefined;

parentPort?.on('message', ({ check, change }: CheckRequest) => {
  held = change ?? held;
  parentPort?.postMessage(judged(check));
});

function judged(check: string): CheckReply {
  try {
    return { result: checkById(check)!.run(held!) };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}
