import { Inject, Injectable } from '@nestjs/common';
import { events } from '@conclave/contracts';
import { Consumes, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import type { z } from 'zod';
import { EndWork } from './end-work.js';

/**
 * What somebody set to work ends when they are no member of the workspace any more, and nothing of theirs starts: a
 * request may have been on its way that was let in before.
 */
@Injectable()
export class DepartedMembers {
  constructor(@Inject(EndWork) private readonly work: EndWork) {}

  @Consumes(events.memberDisabled)
  async depart(tx: Tx, { tenantId, actor, data }: PlacedEvent): Promise<void> {
    const { principal: principalId, workspace: workspaceId } = data as z.output<typeof events.memberDisabled.data>;
    await tx.query('insert into departed_member values ($1, $2, $3) on conflict do nothing', [
      ...[tenantId, workspaceId, principalId],
    ]);
    await this.work.begin(tx, { tenantId, actor, whose: { workspaceId, principalId } });
  }

  /** Also for the first time. */
  @Consumes(events.memberAdded)
  async arrive(tx: Tx, { tenantId, data }: PlacedEvent): Promise<void> {
    const { principal: principalId, workspace: workspaceId } = data as z.output<typeof events.memberAdded.data>;
    await tx.query('delete from departed_member where tenant_id = $1 and workspace_id = $2 and principal_id = $3', [
      ...[tenantId, workspaceId, principalId],
    ]);
    await this.work.forget(tx, tenantId, { workspaceId, principalId });
  }
}
