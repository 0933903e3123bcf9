import { EventEmitter, on } from 'node:events';
import { Injectable } from '@nestjs/common';

/** Longest a live view waits before it looks again: news from another replica is seen within this time. */
const LOOK_AGAIN_MS = 1_000;

/** Tells live views that a run has news. News from other processes is found by looking again. */
@Injectable()
export class LiveRuns {
  private readonly emitter = new EventEmitter().setMaxListeners(0);

  changed(runId: string): void {
    this.emitter.emit(runId);
  }

  /** Resolves at the run's next news, after a second, or when `signal` aborts. */
  async news(runId: string, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, AbortSignal.timeout(LOOK_AGAIN_MS)]);
    try {
      await on(this.emitter, runId, { signal: either }).next();
    } catch (error) {
      if (!either.aborted) throw error;
    }
  }
}
