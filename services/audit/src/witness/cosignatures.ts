import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, ConfigError } from '@conclave/nest-kit';
import { type Statements } from '@conclave/postgres-kit';
import type { AuditConfig } from '../config.js';
import type { StoredCheckpoint } from '../log/postgres-log.js';
import { PostgresWitnessing, type WitnessedLog } from './postgres-witnessing.js';

/** Checkpoints with what witnesses signed below them. */
@Injectable()
export class Cosignatures {
  readonly vkeys: readonly string[];
  /** So many of them a receipt needs, for at most so long. */
  readonly quorum: number;
  readonly waitMs: number | undefined;

  constructor(
    @Inject(CONFIG) config: AuditConfig,
    @Inject(PostgresWitnessing) private readonly store: PostgresWitnessing,
  ) {
    this.vkeys = config.AUDIT_WITNESSES.map(({ vkey }) => vkey);
    this.quorum = config.AUDIT_WITNESS_QUORUM;
    this.waitMs = config.AUDIT_WITNESS_WAIT_MS;
    if (this.quorum > this.vkeys.length)
      throw new ConfigError(
        'AUDIT_WITNESS_QUORUM is above the number of AUDIT_WITNESSES: no receipt would ever have it',
      );
  }

  /** The checkpoint's note with the cosignatures there are by now, and how many. */
  async of(
    db: Statements,
    log: WitnessedLog,
    { size, note }: StoredCheckpoint,
  ): Promise<{ note: string; count: number }> {
    if (this.vkeys.length === 0) return { note, count: 0 };
    const lines = await this.store.lines(db, log, size, this.vkeys);
    return { note: note + lines.join(''), count: lines.length };
  }
}
