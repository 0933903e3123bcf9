import { Inject, Injectable } from '@nestjs/common';
import { events } from '@conclave/contracts';
import { Database, type Tx } from '@conclave/postgres-kit';
import { PostgresLog, type LoggedEntry, type OpenLog } from '../log/postgres-log.js';
import { tellProofs } from '../log/tell-proofs.js';
import { Cosignatures } from './cosignatures.js';
import { PostgresWitnessing, type WitnessedLog } from './postgres-witnessing.js';

/** Proofs that one transaction tells. */
const BATCH = 200;

/**
 * Proofs of receipts that wait for witnesses. A receipt is completed once and keeps its checkpoint for ever, so one that
 * went out too early could never show a quorum. Other proofs do not wait: they say that a checkpoint was published.
 */
@Injectable()
export class HeldProofs {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresLog) private readonly log: PostgresLog,
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

  /**
   * Lets go what has its quorum, and what has waited long enough under the newest checkpoint and whoever cosigned it. By
   * what is stored: whoever saw the last cosignature may not have lived to tell, and no quorum may be asked for since.
   */
  async tellDue(): Promise<void> {
    const { quorum, vkeys } = this.cosignatures;
    if (quorum > 0)
      for (const { tenantId, size } of await this.store.quorate(vkeys, quorum)) await this.tell(tenantId, size);
    const waitMs = quorum === 0 ? 0 : this.cosignatures.waitMs;
    if (waitMs === undefined) return;
    for (const tenantId of await this.store.overdue(waitMs)) await this.release(tenantId, undefined, 0);
  }

  /** Its log is given up: no witness will cosign it, so what is held goes on with whoever did. */
  async tellAll(tx: Tx, log: OpenLog): Promise<void> {
    while ((await this.releaseIn(tx, log, log.published, 0)) === BATCH);
  }

  private async release(tenantId: string, wanted: number | undefined, quorum: number): Promise<void> {
    const some = (tx: Tx): Promise<number> =>
      this.log.open(tx, tenantId).then((log) => (log ? this.releaseIn(tx, log, wanted ?? log.published, quorum) : 0));
    while ((await this.db.tx({ tenantId, actor: 'service:audit' }, some)) === BATCH);
  }

  /** @returns how many were told */
  private async releaseIn(tx: Tx, log: OpenLog, size: number, quorum: number): Promise<number> {
    const head = await this.log.headAt(tx, log, size);
    if (!head) return 0;
    const { note, count } = await this.cosignatures.of(tx, log, head);
    if (count < quorum) return 0;
    const indexes = await this.store.letGo(tx, log, size, BATCH);
    const entries = await this.log.entries(tx, log, indexes);
    await tellProofs(this.log, tx, log, { checkpoint: { size, note }, entries });
    return indexes.length;
  }
}
