/**
 * Refuses to sign a log that is smaller than, or another than, the one whose checkpoint was published: its database was
 * restored from a backup, or changed. Signing on would fork it. It stays refused until its database is the right one,
 * or an operator seals it and opens another.
 */
import { parseCheckpoint, parseNote, type TreeHead } from '@conclave/audit-core';
import { LOG, METRICS } from '@conclave/nest-kit';
import type { Statements } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import { CheckpointSigner } from './checkpoint-signer.js';
import { HEAD_KEEPERS, type HeadKeeper } from './head-keeper.js';
import { firstRowOf, type LogName } from './log-name.js';

/** What the database says of a log. */
export interface SizedLog extends LogName {
  readonly size: number;
}

export interface Refusal {
  /** `smaller`: entries are missing; `forked`: they are others; `unreadable`: what is kept is no checkpoint of this log. */
  readonly reason: 'smaller' | 'forked' | 'unreadable';
  readonly keeper: string;
  /** How many entries the log in the database has. */
  readonly size: number;
  /** The checkpoint that is kept, and its size. */
  readonly kept: string;
  readonly keptSize: number;
}

interface KeptHead {
  readonly log: SizedLog;
  readonly keeper: string;
  readonly note: string;
  readonly head: TreeHead | undefined;
}

const keyOf = ({ tenantId, number }: LogName): string => `${tenantId}/${number}`;

@Injectable()
export class LogGuard {
  private readonly refused = new Map<string, Refusal>();

  constructor(
    @Inject(HEAD_KEEPERS) private readonly keepers: readonly HeadKeeper[],
    @Inject(CheckpointSigner) private readonly signer: CheckpointSigner,
    @Inject(LOG) private readonly logger: Logger,
    @Inject(METRICS) metrics: Registry,
  ) {
    const refused = this.refused;
    new Gauge({
      name: 'conclave_audit_logs_refused',
      help: 'Logs that are not signed, because a checkpoint was published that their database does not know.',
      registers: [metrics],
      collect() {
        this.set(refused.size);
      },
    });
  }

  /**
   * What keeps logs from being signed, by tenant. Without their lock (`locked: false`) they may have grown meanwhile, and
   * a checkpoint that the database has by now is no fault.
   *
   * @throws ConclaveError `audit.store.unreadable` when a keeper does not answer: then nothing is signed
   */
  async check(db: Statements, logs: readonly SizedLog[], { locked = true } = {}): Promise<Map<string, Refusal>> {
    const kept = (
      await Promise.all(logs.flatMap((log) => this.keepers.map((keeper) => this.keptBy(keeper, log))))
    ).flat();
    const known = await rootsOf(db, kept);
    const found = new Map<string, Refusal>();
    kept.forEach(({ log, keeper, note, head }, at) => {
      const smaller = head && head.size > log.size && (locked || !known[at]);
      const reason = !head ? 'unreadable' : smaller ? 'smaller' : faultOf(head, known[at]);
      if (reason) found.set(log.tenantId, { reason, keeper, size: log.size, kept: note, keptSize: head?.size ?? 0 });
    });
    for (const log of logs) this.remember(log, found.get(log.tenantId));
    return found;
  }

  private remember(log: LogName, refusal: Refusal | undefined): void {
    const key = keyOf(log);
    if (refusal && !this.refused.has(key)) {
      const { kept: _, ...told } = refusal;
      this.logger.error(
        { tenant: log.tenantId, log: log.number, ...told },
        'this log is refused: it is not signed again',
      );
    }
    if (refusal) this.refused.set(key, refusal);
    else this.refused.delete(key);
  }

  private async keptBy(keeper: HeadKeeper, log: SizedLog): Promise<KeptHead[]> {
    const note = await keeper.newest(log);
    if (note === undefined) return [];
    return [{ log, keeper: keeper.name, note, head: this.read(note, log) }];
  }

  /** Its signature is not asked for: whoever could forge a kept head could as well take it away. */
  private read(note: string, log: LogName): TreeHead | undefined {
    try {
      const head = parseCheckpoint(parseNote(note).text);
      return head.origin === this.signer.originOf(log) ? head : undefined;
    } catch {
      return undefined;
    }
  }
}

const faultOf = (head: TreeHead, root: Buffer | undefined): Refusal['reason'] | undefined =>
  head.size === 0 || root?.equals(head.root) ? undefined : 'forked';

/** The root that the database has for each of the heads, if it signed one of that size. */
async function rootsOf(db: Statements, kept: readonly KeptHead[]): Promise<(Buffer | undefined)[]> {
  if (kept.length === 0) return [];
  const rows = await db.query<{ root: Buffer | null }>(
    `select (select c.root from checkpoint c where c.tenant_id = k.tenant_id and c.size = k.size) as root
     from unnest($1::text[], $2::bigint[]) with ordinality k (tenant_id, size, nr) order by k.nr`,
    [kept.map(({ log }) => log.tenantId), kept.map(({ log, head }) => firstRowOf(log) + (head?.size ?? 0))],
  );
  return rows.map(({ root }) => root ?? undefined);
}
