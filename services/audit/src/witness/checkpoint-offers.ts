import { formatAddCheckpoint, fromBase64 } from '@conclave/audit-core';
import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@conclave/postgres-kit';
import { PostgresLog } from '../log/postgres-log.js';
import { ReadProofs } from '../log/read-proofs.js';
import { Cosignatures } from './cosignatures.js';
import { PostgresWitnessing, type WitnessedLog } from './postgres-witnessing.js';

/** A checkpoint to be cosigned. */
export interface Offer {
  /** The size the witness is believed to hold, at most that of the checkpoint; 0 for nothing. */
  readonly from: number;
  readonly head: number;
  readonly note: string;
  /** The body of the request. */
  readonly body: string;
}

/** What a log can offer to a witness: a head, and the proof from what the witness holds. */
@Injectable()
export class CheckpointOffers {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresLog) private readonly log: PostgresLog,
    @Inject(ReadProofs) private readonly proofs: ReadProofs,
    @Inject(PostgresWitnessing) private readonly store: PostgresWitnessing,
    @Inject(Cosignatures) private readonly cosignatures: Cosignatures,
  ) {}

  /** For a witness that holds `known`: the head that others cosigned beyond that, else the newest. */
  async for({ tenantId, origin }: WitnessedLog, vkey: string, known: number): Promise<Offer> {
    const actor = { tenantId, actor: 'service:audit' };
    const others = this.cosignatures.vkeys.filter((other) => other !== vkey);
    const [found, followed] = await this.db.tx(actor, async (tx) => [
      await this.log.open(tx, tenantId),
      await this.store.sizeOfOthers(tx, { tenantId, origin }, known, others),
    ]);
    const head = Math.min(followed ?? Infinity, found!.published);
    const from = Math.min(known, head);
    const { checkpoint, hashes } = await this.proofs.consistency(actor, Math.max(1, from), head);
    const proof = from === 0 ? [] : hashes.map(fromBase64);
    return { from, head, note: checkpoint, body: formatAddCheckpoint({ oldSize: from, proof, checkpoint }) };
  }
}
