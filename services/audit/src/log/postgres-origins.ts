/** Which log of a tenant is the present one. */
import { Inject, Injectable } from '@nestjs/common';
import type { Tx } from '@conclave/postgres-kit';
import type { StagedEntry } from '../entries/postgres-stage.js';
import type { LogName } from './log-name.js';
import { PostgresLog, type OpenLog, type StoredCheckpoint } from './postgres-log.js';

interface Sealing {
  readonly log: OpenLog;
  readonly checkpoint: string;
  readonly size: number;
  readonly reason: string;
  readonly actor: string;
}

@Injectable()
export class PostgresOrigins {
  constructor(@Inject(PostgresLog) private readonly log: PostgresLog) {}

  /** The present log: nothing gets a place in it, and nobody else seals it, until the transaction ends. */
  async lock(tx: Tx, tenantId: string): Promise<OpenLog | undefined> {
    await tx.query('select from log where tenant_id = $1 for update', [tenantId]);
    return this.log.open(tx, tenantId);
  }

  /** The last checkpoint that the database says was published; none when there was no entry. */
  lastPublished(tx: Tx, log: OpenLog): Promise<StoredCheckpoint | undefined> {
    return this.log.headAt(tx, log, log.published);
  }

  async seal(tx: Tx, { log, checkpoint, size, reason, actor }: Sealing): Promise<void> {
    await tx.query(
      `insert into sealed_log (tenant_id, number, origin, size, checkpoint, reason, actor) values ($1, $2, $3, $4, $5, $6, $7)`,
      [log.tenantId, log.number, log.origin, size, checkpoint, reason, actor],
    );
  }

  async open(tx: Tx, { tenantId, number }: LogName, origin: string): Promise<void> {
    await tx.query(
      `update log set number = $2, origin = $3, size = 0, published = 0, frontier = '{}' where tenant_id = $1`,
      [tenantId, number, origin],
    );
  }

  /** Stages an entry before all that wait. */
  async stageFirst(tx: Tx, { tenantId, id, type, actor, at, body }: StagedEntry): Promise<void> {
    await tx.query(
      `insert into stage (tenant_id, event_id, seq, type, actor, at, body) overriding system value
       values ($1, $2, (select coalesce(min(seq), 0) - 1 from stage where tenant_id = $1), $3, $4, $5, $6)`,
      [tenantId, id, type, actor, at, Buffer.from(body)],
    );
  }
}
