/**
 * Checks run in a thread of their own: what somebody else wrote must not be able to hold up the service by being long,
 * nested or strange. One thread is kept warm and judges one check at a time; a check that runs past its bounds is
 * stopped with its thread, and the next one finds a new one.
 */
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Change, CheckResult } from '@conclave/checks';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';

export interface CheckBounds {
  readonly wallMs: number;
  readonly memoryMb: number;
}

/** What the thread is sent; without a change, the one it was sent last. */
export type CheckRequest = { readonly check: string; readonly change?: Change };
export type CheckReply = { readonly result: CheckResult } | { readonly fault: string };

const defaults: CheckBounds = { wallMs: 60_000, memoryMb: 1_024 };

/** The check was stopped at a bound; the message says at which. */
export class CheckStopped extends Error {
  override readonly name = 'CheckStopped';
}

@Injectable()
export class CheckThread implements OnModuleDestroy {
  private thread: Worker | undefined;
  /** The change that the thread holds: a panel's checks are sent it once. */
  private held: Change | undefined;
  private last: Promise<unknown> = Promise.resolve();

  /**
   * @throws CheckStopped at a bound
   * @throws Error what the check threw
   */
  run(check: string, change: Change, bounds: CheckBounds = defaults): Promise<CheckResult> {
    const run = this.last.then(() => this.runNow(check, change, bounds));
    this.last = run.catch(() => undefined);
    return run;
  }

  async onModuleDestroy(): Promise<void> {
    await this.drop();
  }

  private async runNow(check: string, change: Change, { wallMs, memoryMb }: CheckBounds): Promise<CheckResult> {
    const thread = (this.thread ??= start(memoryMb));
    const request: CheckRequest = this.held === change ? { check } : { check, change };
    this.held = change;
    const { promise, resolve, reject } = Promise.withResolvers<CheckReply>();
    const stop = (told: string): void => reject(new CheckStopped(told));
    const clock = setTimeout(() => stop(`the check was stopped after ${wallMs / 1_000} s`), wallMs);
    const failed = (error: Error & { code?: string }): void =>
      error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? stop(`the check needed more than ${memoryMb} MB`) : reject(error);
    const left = (): void => reject(new Error('the thread of the checks has ended'));
    thread.once('message', resolve).once('error', failed).once('exit', left);
    let reply: CheckReply;
    try {
      thread.postMessage(request);
      reply = await promise;
    } catch (error) {
      await this.drop();
      throw error;
    } finally {
      clearTimeout(clock);
      thread.off('message', resolve).off('error', failed).off('exit', left);
    }
    if ('fault' in reply) throw new Error(reply.fault);
    return reply.result;
  }

  private async drop(): Promise<void> {
    const thread = this.thread;
    this.thread = this.held = undefined;
    thread?.on('error', () => undefined);
    await thread?.terminate();
  }
}

function start(memoryMb: number): Worker {
  const thread = new Worker(mainFile(), {
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    // Nothing of the service's: neither its secrets nor its flags.
    env: {},
    execArgv: [],
  });
  thread.unref();
  return thread;
}

/** `check-main.js` of the compiled service, or `agent-runtime.check.js` beside the chunk that this is bundled into. */
function mainFile(): string {
  const here = fileURLToPath(import.meta.url);
  const compiled = basename(dirname(here)) === 'checks';
  return compiled ? join(dirname(here), '../check-main.js') : join(dirname(here), 'agent-runtime.check.js');
}
