/** The SQL of receipts: written once with the end of their decision, completed once when the log has its entry. */
import type { DsseEnvelope } from '@conclave/audit-core';
import type { Actor, Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';

/** A receipt's signed part, and its place in the log once there is one. */
export interface StoredReceipt {
  readonly envelope: DsseEnvelope;
  readonly entry: string | null;
  readonly proof: string | null;
}

@Injectable()
export class PostgresReceipts {
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
