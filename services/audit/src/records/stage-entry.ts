import { randomBytes } from 'node:crypto';
import { SALT_BYTES } from '@conclave/audit-core';
import { newId } from '@conclave/contracts';
import type { Actor, Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { PostgresLog } from '../log/postgres-log.js';
import { Sequencer } from '../log/sequencer.js';
import { entryBytes, refsOf, type EntryParts } from './entry-bytes.js';
import { keepDisclosure } from './postgres-disclosures.js';

/** The way into a log: bytes to the stage and what is personal to the side table, in the caller's transaction. */
@Injectable()
export class StageEntry {
  constructor(
    @Inject(PostgresLog) private readonly log: PostgresLog,
    @Inject(Sequencer) private readonly sequencer: Pick<Sequencer, 'kick'>,
  ) {}

  async run(tx: Tx, parts: EntryParts): Promise<void> {
    const { id, type, tenantId, actor, at } = parts;
    const { body, disclosed } = entryBytes(parts, () => randomBytes(SALT_BYTES));
    if (disclosed) await keepDisclosure(tx, tenantId, { eventId: id, refs: refsOf({ body, actor }), disclosed });
    await this.log.stage(tx, { id, type, tenantId, actor, at }, body);
    tx.afterCommit(() => this.sequencer.kick());
  }

  /** Logs what this service did itself. @returns the id that its entry is found by */
  async own(
    tx: Tx,
    { tenantId, actor }: Actor,
    entry: Pick<EntryParts, 'type' | 'data' | 'personal'>,
  ): Promise<string> {
    const id = newId('event');
    await this.run(tx, { ...entry, id, tenantId, actor, at: new Date().toISOString() });
    return id;
  }
}
