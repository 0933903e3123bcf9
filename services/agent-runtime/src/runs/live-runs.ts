import { EventEmitter, on } from 'node:events';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';

/** Longest a live view waits before it looks again: news from another replica is seen within this time. */
const LOOK_AGAIN_MS = 1_000;

/** Tells live views that a run has news. News from other processes is found by looking again. */
@Injectable()
export class LiveRuns implements OnModuleDestroy {
  private readonly closing = new AbortController();
  private readonly emitter = new EventEmitter().setMaxListeners(0);

  changed(runId: string): void {
    this.emitter.emit(runId);
  }

  /** Whether views have to end, so that clients resume at another replica and do not hold this one. */
  get ended(): boolean {
    return this.closing.signal.aborted;
  }

  onModuleDestroy(): void {
    this.closing.abort();
  }

  /** Resolves at the run's next news, after a second, when `signal` aborts or views have to end. */
  async news(runId: string, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.closing.signal, AbortSignal.timeout(LOOK_AGAIN_MS)]);
    try {
      await on(this.emitter, runId, { signal: either }).next();
    } catch (error) {
      if (!either.aborted) throw error;
    }
  }
}
