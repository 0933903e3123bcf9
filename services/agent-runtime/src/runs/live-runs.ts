import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { TokenFrame } from '@conclave/contracts';

/** Longest wait before one looks again: what nobody told is seen within this time. */
const LOOK_AGAIN_MS = 1_000;

/** Text that a model call says in a run. */
export interface Said {
  readonly tenantId: string;
  readonly runId: string;
  readonly frame: TokenFrame;
}

/** What workers tell whoever follows runs; told without waiting, and to nobody when nobody listens. */
@Injectable()
export class LiveRuns implements OnModuleDestroy {
  private readonly onChanged: ((runId: string) => void)[] = [];
  private readonly onSaid: ((said: Said) => void)[] = [];
  private readonly waiting = new Map<string, Set<() => void>>();

  /** The run has changed, and its story may have grown; `begun`: it has begun, and so not ended. */
  changed(runId: string, { begun = false } = {}): void {
    if (!begun) this.heard(runId);
    for (const listener of this.onChanged) listener(runId);
  }

  /** Another process says so. */
  heard(runId: string): void {
    for (const wake of [...(this.waiting.get(runId) ?? [])]) wake();
  }

  say(said: Said): void {
    for (const listener of this.onSaid) listener(said);
  }

  /** Calls back for what this process tells. */
  listen(changed: (runId: string) => void, said: (said: Said) => void): void {
    this.onChanged.push(changed);
    this.onSaid.push(said);
  }

  onModuleDestroy(): void {
    for (const runId of [...this.waiting.keys()]) this.heard(runId);
  }

  /** Resolves at news of the run, other than that it has begun, after a second, when `signal` aborts or the service ends. */
  news(runId: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.waiting.get(runId) ?? new Set();
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        waiting.delete(wake);
        if (waiting.size === 0 && this.waiting.get(runId) === waiting) this.waiting.delete(runId);
        resolve();
      };
      const timer = setTimeout(wake, LOOK_AGAIN_MS);
      signal.addEventListener('abort', wake, { once: true });
      this.waiting.set(runId, waiting.add(wake));
      if (signal.aborted) wake();
    });
  }
}
