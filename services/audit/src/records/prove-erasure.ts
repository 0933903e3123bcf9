import { formatTlogProof, fromBase64, hex } from '@conclave/audit-core';
import { ConclaveError } from '@conclave/contracts';
import { Database, type Actor } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { PostgresLog } from '../log/postgres-log.js';
import { ReadProofs } from '../log/read-proofs.js';
import { erasureOf, type Erasure } from './postgres-retention.js';

/** An erasure with the proof of its entry, once a published checkpoint of the present log has it. */
@Injectable()
export class ProveErasure {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresLog) private readonly log: PostgresLog,
    @Inject(ReadProofs) private readonly proofs: ReadProofs,
  ) {}

  /** @throws ConclaveError `audit.erasure.not-found` */
  async run(ctx: Actor, id: string): Promise<Erasure> {
    const db = this.db.autocommit(ctx);
    const found = await erasureOf(db, ctx.tenantId, id);
    if (!found) throw new ConclaveError('audit.erasure.not-found', { id });
    const log = await this.log.open(db, ctx.tenantId);
    const index = log && (await this.log.indexOf(db, log, found.eventId));
    if (!log || index === undefined || index < 0 || index >= log.published) return found.erasure;
    const { leafHash, hashes, checkpoint } = await this.proofs.inclusion(ctx, index, undefined);
    const proof = formatTlogProof({ index, hashes: hashes.map(fromBase64), checkpoint });
    return { ...found.erasure, logged: { index, leafHash: hex(fromBase64(leafHash)), proof } };
  }
}
