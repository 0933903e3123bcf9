import { events } from '@conclave/contracts';
import { Consumes, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { BallotBox } from '../decisions/ballot-box.js';
import { PostgresDecisions } from '../decisions/postgres-decisions.js';
import { LoggedKeys } from '../voter-keys/logged-keys.js';
import { PostgresReceipts } from './postgres-receipts.js';

type Checkpointed = z.output<typeof events.entryCheckpointed.data>;

const KEYS: readonly string[] = [events.voterKeyEnrolled.type, events.voterKeyRotated.type];

/**
 * What audit proves to be in a published checkpoint: closed commits may be revealed, sealed decisions have a receipt, and
 * voter keys count.
 */
@Injectable()
export class LogConfirmations {
  constructor(
    @Inject(BallotBox) private readonly box: BallotBox,
    @Inject(PostgresDecisions) private readonly decisions: PostgresDecisions,
    @Inject(PostgresReceipts) private readonly receipts: PostgresReceipts,
    @Inject(LoggedKeys) private readonly keys: LoggedKeys,
  ) {}

  /**
   * Decisions opened from now on belong to the tenant's next log. The terms of those under way are signed and keep their
   * origin; the receipts show by their checkpoint which log they ended in, and the verifier knows that it followed.
   */
  @Consumes(events.logOpened)
  async follow(tx: Tx, event: PlacedEvent): Promise<void> {
    await this.decisions.keepOrigin(tx, event.tenantId, event.data['origin'] as string);
  }

  @Consumes(events.entryCheckpointed)
  async confirm(tx: Tx, event: PlacedEvent): Promise<void> {
    const { eventId, type, entry, proof } = event.data as Checkpointed;
    const ctx = { tenantId: event.tenantId, actor: 'service:consensus' };
    if (type === events.decisionSealed.type) await this.receipts.confirm(tx, ctx, eventId, entry, proof);
    if (KEYS.includes(type)) await this.keys.confirm(tx, ctx, eventId);
    if (type !== events.commitsClosed.type) return;
    const id = await this.decisions.ofCommitsEvent(tx, ctx, eventId);
    if (id) await this.box.openReveal(tx, ctx, id);
  }
}
