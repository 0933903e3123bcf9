import { TILE_WIDTH, type JsonObject } from '@conclave/audit-core';
import { ConclaveError, events, newId, type RequestOf, type records } from '@conclave/contracts';
import { LOG, type RequestContext } from '@conclave/nest-kit';
import { Database, type Actor, type Statements, type Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { StageEntry } from '../entries/stage-entry.js';
import { PostgresLog } from '../log/postgres-log.js';
import { ERASED_ENTRY, HOLD_PLACED, HOLD_RELEASED, RETENTION_SET } from './own-entries.js';
import { eraseDisclosures, pruneDisclosures } from './postgres-disclosures.js';
import { firstSince } from './postgres-entries.js';
import {
  endHold,
  forgetfulTenants,
  holdOn,
  insertErasure,
  insertHold,
  keepFor,
  lockRetention,
  raiseMinimum,
  retentionOf,
  type Erasure,
  type Hold,
  type Retention,
} from './postgres-retention.js';

const DAY_MS = 86_400_000;

/**
 * How long entries are kept, and what keeps them longer. Each of these takes the tenant's row first, so that a hold that
 * was placed is heeded by whatever prunes or erases after it; each is logged in the same transaction.
 */
@Injectable()
export class KeepAndForget {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresLog) private readonly log: PostgresLog,
    @Inject(StageEntry) private readonly stage: StageEntry,
    @Inject(LOG) private readonly logger: Logger,
  ) {}

  /** @throws ConclaveError `audit.hold.active` */
  async retain(tx: Tx, ctx: RequestContext, days: number | null): Promise<Retention> {
    await lockRetention(tx, ctx.tenantId);
    await keepFor(tx, ctx.tenantId, days);
    if (days !== null) {
      await this.refuseHeld(tx, ctx.tenantId);
      await this.prune(tx, ctx.tenantId, days);
    }
    await this.stage.own(tx, ctx, { type: RETENTION_SET, data: days === null ? {} : { days } });
    return this.kept(tx, ctx.tenantId);
  }

  /** What is kept of the tenant's present log, or will be of its first. */
  async kept(db: Statements, tenantId: string): Promise<Retention> {
    return retentionOf(db, (await this.log.open(db, tenantId)) ?? { tenantId, number: 1 });
  }

  async place(tx: Tx, ctx: RequestContext, { reason, subject }: RequestOf<typeof records.placeHold>): Promise<Hold> {
    await lockRetention(tx, ctx.tenantId);
    const about = subject === undefined ? {} : { subject };
    const hold = { id: newId('hold'), reason, ...about, placedBy: ctx.actor, placedAt: new Date().toISOString() };
    await insertHold(tx, ctx.tenantId, hold);
    const data: JsonObject = { hold: hold.id, reason };
    if (subject !== undefined) data['subject'] = subject;
    await this.stage.own(tx, ctx, { type: HOLD_PLACED, data, personal: ['reason'] });
    return hold;
  }

  /** @throws ConclaveError `audit.hold.not-found` */
  async release(tx: Tx, ctx: RequestContext, id: string): Promise<Hold> {
    await lockRetention(tx, ctx.tenantId);
    const hold = await endHold(tx, ctx.tenantId, id);
    if (!hold) throw new ConclaveError('audit.hold.not-found', { id });
    await this.stage.own(tx, ctx, { type: HOLD_RELEASED, data: { hold: id } });
    return hold;
  }

  /** @throws ConclaveError `audit.hold.active` */
  async erase(
    tx: Tx,
    ctx: RequestContext,
    { subject, reason }: RequestOf<typeof records.eraseSubject>,
  ): Promise<Erasure> {
    await lockRetention(tx, ctx.tenantId);
    await this.refuseHeld(tx, ctx.tenantId, subject);
    const entries = await eraseDisclosures(tx, ctx.tenantId, subject);
    const id = newId('erasure');
    const data = { erasure: id, subject, entries, reason };
    const eventId = await this.stage.own(tx, ctx, { type: ERASED_ENTRY, data, personal: ['reason'] });
    const erasure = { id, subject, requestedBy: ctx.actor, at: new Date().toISOString(), entries };
    await insertErasure(tx, ctx.tenantId, erasure, eventId);
    await tx.emit(events.subjectErased, { erasure: id, subject });
    return erasure;
  }

  /** Prunes every tenant's log by its retention; one that is held waits, and none keeps another from its turn. */
  async pruneAll(): Promise<void> {
    const tenants = await forgetfulTenants(this.db).catch((error: unknown) => {
      this.logger.warn({ err: error }, 'logs are pruned later');
      return [];
    });
    for (const tenantId of tenants) {
      try {
        await this.db.tx({ tenantId, actor: 'service:audit' }, (tx) => this.pruneUnlessHeld(tx, tenantId));
      } catch (error) {
        this.logger.warn({ err: error, tenant: tenantId }, 'this log is pruned later');
      }
    }
  }

  private async pruneUnlessHeld(tx: Tx, tenantId: string): Promise<void> {
    const days = await lockRetention(tx, tenantId);
    if (days !== undefined && (await holdOn(tx, tenantId)) === undefined) await this.prune(tx, tenantId, days);
  }

  private async prune(tx: Tx, tenantId: string, days: number): Promise<void> {
    const log = await this.log.open(tx, tenantId);
    if (!log) return;
    const first = await firstSince(tx, log, new Date(Date.now() - days * DAY_MS));
    // A bundle of entries (C2SP tlog-tiles) is served whole or not at all.
    const minimumIndex = first - (first % TILE_WIDTH);
    await raiseMinimum(tx, log, minimumIndex);
    await pruneDisclosures(tx, log, minimumIndex);
  }

  private async refuseHeld(tx: Tx, tenantId: Actor['tenantId'], subject?: string): Promise<void> {
    const hold = await holdOn(tx, tenantId, subject);
    if (hold !== undefined) throw new ConclaveError('audit.hold.active', { hold });
  }
}
