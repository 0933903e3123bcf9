import { Inject, Injectable } from '@nestjs/common';
import { newId, runs, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once } from '@conclave/postgres-kit';
import { eventKey } from '../agents/event.js';
import { Bells } from '../engine/bells.js';
import { answerOpen } from '../engine/postgres-waits.js';
import { EventTriggers } from '../triggers/event-triggers.js';

/** Sends an event to a workspace: to what waits or listens for it now; nothing is kept for those who come later. */
@Injectable()
export class SendEvent {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Bells) private readonly bells: Bells,
    @Inject(EventTriggers) private readonly triggers: EventTriggers,
  ) {}

  run(ctx: RequestContext, request: RequestOf<typeof runs.sendEvent>): Promise<{ answered: number }> {
    const { tenantId, actor } = ctx;
    const workspaceId = ctx.workspaceId!;
    const { key, data } = request;
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, runs.sendEvent, request, async () => {
        const signal = { tenantId, kind: 'event' as const, key: eventKey(workspaceId, key) };
        const answered = await answerOpen(tx, signal, { answer: data, by: actor });
        await this.triggers.sent(tx, { id: newId('event'), tenantId, workspaceId, key, body: data });
        tx.afterCommit(() => this.bells.ready());
        return { answered };
      }),
    );
  }
}
