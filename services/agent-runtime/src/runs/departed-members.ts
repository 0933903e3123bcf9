import { Inject, Injectable } from '@nestjs/common';
import { events } from '@conclave/contracts';
import { LOG } from '@conclave/nest-kit';
import { Consumes, Database, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { CancelRun } from './cancel-run.js';

/** A run that was being created in the same moment is there by then. */
const LOOK_AGAIN_MS = 1_000;

/**
 * What somebody set to work ends when they are no member of the workspace any more, and nothing of theirs starts: a
 * request may have been on its way that was let in before.
 */
@Injectable()
export class DepartedMembers {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(CancelRun) private readonly cancel: CancelRun,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  @Consumes(events.memberDisabled)
  async depart(tx: Tx, { tenantId, actor, data }: PlacedEvent): Promise<void> {
    const { principal, workspace } = data as z.output<typeof events.memberDisabled.data>;
    await tx.query('insert into departed_member values ($1, $2, $3) on conflict do nothing', [
      ...[tenantId, workspace, principal],
    ]);
    const whose = { tenantId, workspaceId: workspace, principalId: principal };
    await this.cancel.allOf(tx, whose, actor);
    const again = () => this.db.tx({ tenantId, actor }, (later) => this.cancel.allOf(later, whose, actor));
    const failed = (error: unknown): void =>
      this.log.warn({ err: error }, 'runs of a departed member not looked for again');
    tx.afterCommit(() => setTimeout(() => void again().catch(failed), LOOK_AGAIN_MS).unref());
  }

  /** Also for the first time. */
  @Consumes(events.memberAdded)
  async arrive(tx: Tx, { tenantId, data }: PlacedEvent): Promise<void> {
    const { principal, workspace } = data as z.output<typeof events.memberAdded.data>;
    await tx.query('delete from departed_member where tenant_id = $1 and workspace_id = $2 and principal_id = $3', [
      ...[tenantId, workspace, principal],
    ]);
  }
}
