import { base64, formatTlogProof, fromBase64 } from '@conclave/audit-core';
import { Inject, Injectable } from '@nestjs/common';
import { events } from '@conclave/contracts';
import { Database, type Tx } from '@conclave/postgres-kit';
import { PostgresLog, type LoggedEntry } from '../log/postgres-log.js';
import { ReadProofs } from '../log/read-proofs.js';
import { Cosignatures } from './cosignatures.js';
import { PostgresWitnessing, type WitnessedLog } from './postgres-witnessing.js';

/**
 * Proofs of receipts that wait for witnesses. A receipt is completed once and keeps its checkpoint for ever, so one that
 * went out too early could never show a quorum. Other proofs do not wait: they say that a checkpoint was published.
 */
@Injectable()
export class HeldProofs {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresLog) private readonly log: PostgresLog,
    @Inject(ReadProofs) private readonly proofs: ReadProofs,
    @Inject(PostgresWitnessing) private readonly store: PostgresWitnessing,
    @Inject(Cosignatures) private readonly cosignatures: Cosignatures,
  ) {}

  /** Holds back what needs a quorum, in the transaction that would tell it. @returns the rest, to be told now */
  async hold(tx: Tx, log: WitnessedLog, entries: readonly LoggedEntry[]): Promise<readonly LoggedEntry[]> {
    const held =
      this.cosignatures.quorum === 0 ? [] : entries.filter(({ type }) => type === events.decisionSealed.type);
    if (held.length === 0) return entries;
    const indexes = held.map(({ index }) => index);
    await this.store.hold(tx, log, indexes);
    return entries.filter((entry) => !held.includes(entry));
  }

  /** Tells what the checkpoint of that size proves, if it has its quorum. */
  async tell(tenantId: string, size: number): Promise<void> {
    const { quorum } = this.cosignatures;
    if (quorum > 0) await this.release(tenantId, size, quorum);
  }

  /** Lets go what has waited long enough, under the newest checkpoint and whoever cosigned it. */
  async tellOverdue(): Promise<void> {
    const { quorum, waitMs } = this.cosignatures;
    if (quorum === 0 || waitMs === undefined) return;
    for (const tenantId of await this.store.overdue(waitMs)) await this.release(tenantId, undefined, 0);
  }

  private async release(tenantId: string, wanted: number | undefined, quorum: number): Promise<void> {
    const actor = { tenantId, actor: 'service:audit' };
    const due = await this.db.tx(actor, async (tx) => {
      const log = await this.log.open(tx, tenantId);
      const head = log && (await this.log.headAt(tx, log, wanted ?? log.published));
      if (!head || (await this.cosignatures.of(tx, log, head)).count < quorum) return undefined;
      return { log, size: head.size, indexes: await this.store.held(tx, log, head.size) };
    });
    if (!due) return;
    const { log, size, indexes } = due;
    for (const index of indexes) {
      const { hashes, checkpoint } = await this.proofs.inclusion(actor, index, size);
      const proof = formatTlogProof({ index, hashes: hashes.map(fromBase64), checkpoint });
      await this.db.tx(actor, async (tx) => {
        if (!(await this.store.letGo(tx, log, index))) return;
        const { eventId, type, body } = (await this.log.entry(tx, log, index))!;
        await tx.emit(events.entryCheckpointed, { eventId, type, index, entry: base64(body), proof });
      });
    }
  }
}
