import { formatTlogProof, fromBase64, hex } from '@conclave/audit-core';
import { ConclaveError } from '@conclave/contracts';
import { Database, type Actor } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { ReadProofs } from '../log/read-proofs.js';
import { indexOfEvent } from './postgres-entries.js';
import { erasureOf, type Erasure } from './postgres-retention.js';

/** An erasure with the proof of its entry, once the log has it. */
@Injectable()
export class ProveErasure {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(ReadProofs) private readonly proofs: ReadProofs,
  ) {}

  /** @throws ConclaveError `audit.erasure.not-found` */
  async run(ctx: Actor, id: string): Promise<Erasure> {
    const db = this.db.autocommit(ctx);
    const found = await erasureOf(db, ctx.tenantId, id);
    if (!found) throw new ConclaveError('audit.erasure.not-found', { id });
    const index = await indexOfEvent(db, ctx.tenantId, found.eventId);
    if (index === undefined) return found.erasure;
    const { leafHash, hashes, checkpoint } = await this.proofs.inclusion(ctx, index, undefined);
    const proof = formatTlogProof({ index, hashes: hashes.map(fromBase64), checkpoint });
    return { ...found.erasure, logged: { index, leafHash: hex(fromBase64(leafHash)), proof } };
  }
}
