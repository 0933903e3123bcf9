import { Inject, Injectable } from '@nestjs/common';
import { events } from '@conclave/contracts';
import { LOG } from '@conclave/nest-kit';
import { Database, type Tx } from '@conclave/postgres-kit';
import type { Logger } from 'pino';
import { turnOff } from '../triggers/postgres-triggers.js';
import { CancelRun } from './cancel-run.js';
import {
  dropEnding,
  dropEndings,
  keepEnding,
  keptEndings,
  lockEnding,
  type Ending,
  type KeptEnding,
  type Whose,
} from './postgres-work-to-end.js';

/** So often in a row some of one work is ended before another's turn comes. */
const LOOKS = 20;

/**
 * Ends all work of somebody or something that may start none any more. The most of it ends at once; then it is looked for
 * again, until nothing can come of what was under way when that was said.
 */
@Injectable()
export class EndWork {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(CancelRun) private readonly cancel: CancelRun,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** In the transaction that says that they start nothing more. */
  async begin(tx: Tx, ending: Ending): Promise<void> {
    await keepEnding(tx, ending);
    await this.endSome(tx, ending);
  }

  /** What they start from now on goes on. */
  forget(tx: Tx, tenantId: string, whose: Whose): Promise<void> {
    return dropEndings(tx, tenantId, whose);
  }

  /** What is left of it, of all tenants. */
  async goOn(): Promise<void> {
    for (const ending of await keptEndings(this.db)) {
      try {
        for (let looks = 0; looks < LOOKS && (await this.db.tx(ending, (tx) => this.look(tx, ending))); looks += 1);
      } catch (err) {
        this.log.warn(
          { err, tenant: ending.tenantId, ending: ending.id },
          'work that is to end goes on until the next round',
        );
      }
    }
  }

  /** @returns whether there is more right now */
  private async look(tx: Tx, ending: KeptEnding): Promise<boolean> {
    const kept = await lockEnding(tx, ending);
    if (!kept) return false;
    const more = await this.endSome(tx, ending);
    if (kept.last && !more) await dropEnding(tx, ending);
    return more;
  }

  private async endSome(tx: Tx, ending: Ending): Promise<boolean> {
    const { tenantId, whose } = ending;
    const triggers = 'credential' in whose ? await turnOff(tx, tenantId, whose.credential) : [];
    const { ended, more } = await this.cancel.someOf(tx, ending);
    if ('credential' in whose && ended + triggers.length > 0)
      await tx.emit(events.runsStopped, { credential: whose.credential, runs: ended, triggers });
    return more;
  }
}
