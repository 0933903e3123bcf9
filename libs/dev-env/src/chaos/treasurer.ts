/** Who reads what budgets say, again and again, and raises the caps that tasks wait for. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Installation } from '../bench/engine/installation.js';
import { CALL_MICROS, RAISES } from './caps.js';
import type { Crew } from './crew.js';
import type { Reading } from './history.js';
import { now } from './now.js';
import { readBudgets, type LiveBudget } from './read-stored.js';

const READ_EVERY_MS = 100;
/** Once in so many readings: some wait while others are killed. */
const RAISE_EVERY = 4;

export class Treasurer {
  readonly readings: Reading[] = [];
  private readonly stopping = new AbortController();
  private working: Promise<void> = Promise.resolve();

  constructor(
    private readonly installation: Installation,
    private readonly database: string,
    private readonly crew: Crew,
  ) {}

  start(): void {
    this.working = this.work();
    this.working.catch(() => undefined); // told by stop()
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.working;
  }

  private async work(): Promise<void> {
    const { signal } = this.stopping;
    for (let no = 1; !signal.aborted; no++) {
      // While Postgres is away there is nothing to read.
      const budgets = await readBudgets(this.installation, this.database).catch(() => []);
      this.readings.push({ at: now(), budgets });
      if (no % RAISE_EVERY === 0) await Promise.all(budgets.filter(holdsUp).map((budget) => this.raise(budget)));
      await sleep(READ_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private raise({ tenant: tenantId, workspace, scope, scopeId, limit }: LiveBudget): Promise<void> {
    const request = { scope, scopeId, period: 'total', action: 'park', limitMicros: limit + RAISES[scope] };
    return this.crew.ask('raise', { tenantId, workspaceId: workspace ?? undefined, request });
  }
}

/** Whether tasks wait for room that it has not. */
const holdsUp = ({ waiting, limit, spent, reserved }: LiveBudget): boolean =>
  waiting > 0 && limit - spent - reserved < CALL_MICROS;
