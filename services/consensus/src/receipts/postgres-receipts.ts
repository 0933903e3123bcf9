/** The SQL of receipts: written once when a decision is sealed, completed once when the log has its entry. */
import type { DsseEnvelope } from '@conclave/audit-core';
import { payloadBytes, predicateOf, sealedEntryOf, type DecisionEvent } from '@conclave/consensus-core';
import type { Actor, Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { EnvelopeSigner } from './envelope-signer.js';

/** A receipt's signed part, and its place in the log once there is one. */
export interface StoredReceipt {
  readonly envelope: DsseEnvelope;
  readonly entry: string | null;
  readonly proof: string | null;
}

@Injectable()
export class PostgresReceipts {
  constructor(@Inject(EnvelopeSigner) private readonly signer: EnvelopeSigner) {}

  /** Signs the receipt of a sealed decision; `announce` tells the log the payload's digest and returns its event's id. */
  async issue(
    tx: Tx,
    ctx: Actor,
    events: readonly DecisionEvent[],
    announce: (payloadSha256: string) => Promise<string>,
  ): Promise<void> {
    const predicate = predicateOf(events);
    if (!predicate) throw new Error('only a sealed decision has a receipt');
    const payload = payloadBytes(predicate);
    const eventId = await announce(sealedEntryOf(predicate, payload).payloadSha256);
    await tx.query('insert into receipt (tenant_id, decision_id, envelope, event_id) values ($1, $2, $3, $4)', [
      ctx.tenantId,
      predicate.decisionId,
      JSON.stringify(this.signer.sign(payload)),
      eventId,
    ]);
  }

  /** Binds the receipt of that event to its log entry; a repeat changes nothing. */
  async confirm(tx: Tx, ctx: Actor, eventId: string, entry: string, proof: string): Promise<void> {
    await tx.query(
      'update receipt set entry = $3, proof = $4 where tenant_id = $1 and event_id = $2 and proof is null',
      [ctx.tenantId, eventId, entry, proof],
    );
  }

  find(tx: Tx, ctx: Actor, decisionId: string): Promise<StoredReceipt | undefined> {
    return tx.one<StoredReceipt>(
      'select envelope, entry, proof from receipt where tenant_id = $1 and decision_id = $2',
      [ctx.tenantId, decisionId],
    );
  }
}
