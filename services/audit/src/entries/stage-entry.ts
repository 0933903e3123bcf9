import { randomBytes } from 'node:crypto';
import { SALT_BYTES, type JsonObject } from '@conclave/audit-core';
import { newId } from '@conclave/contracts';
import type { Actor, Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AWAITED } from '../log/awaited.js';
import { Sequencer } from '../log/sequencer.js';
import { commitPersonal, refsOf } from '../records/commit-personal.js';
import { keepDisclosure } from '../records/postgres-disclosures.js';
import { entryBytes, type EntryParts } from './entry-bytes.js';
import { PostgresStage, type StagedEntry } from './postgres-stage.js';

/** An entry to be, with the members of its data that are committed to instead of being in the bytes. */
export interface NewEntry extends Omit<EntryParts, 'data' | 'commitment'> {
  readonly data: JsonObject;
  readonly personal?: readonly string[] | undefined;
}

/** The way into a log: bytes to the stage and what is personal to the side table, in the caller's transaction. */
@Injectable()
export class StageEntry {
  constructor(
    @Inject(PostgresStage) private readonly stage: Pick<PostgresStage, 'stage'>,
    @Inject(Sequencer) private readonly sequencer: Pick<Sequencer, 'kick'>,
  ) {}

  /** @throws EntryTooLong | MalformedError when it cannot be an entry */
  async run(tx: Tx, { personal = [], ...entry }: NewEntry): Promise<void> {
    const { data, commitment, disclosed } = commitPersonal(entry.data, personal, () => randomBytes(SALT_BYTES));
    const { id, type, tenantId, actor, at } = entry;
    const body = entryBytes({ ...entry, data, commitment });
    if (disclosed) await keepDisclosure(tx, tenantId, { eventId: id, at, refs: refsOf({ body, actor }), disclosed });
    await this.keep(tx, [{ id, type, tenantId, actor, at, body }]);
  }

  /**
   * Entries that hold nothing personal, in one statement.
   *
   * @throws EntryTooLong | MalformedError when one of them cannot be an entry
   */
  plain(tx: Tx, entries: readonly EntryParts[]): Promise<void> {
    return this.keep(
      tx,
      entries.map((entry) => ({ ...entry, body: entryBytes(entry) })),
    );
  }

  private async keep(tx: Tx, entries: readonly StagedEntry[]): Promise<void> {
    await this.stage.stage(tx, entries);
    tx.afterCommit(() => this.sequencer.kick({ urgent: entries.some(({ type }) => AWAITED.includes(type)) }));
  }

  /** Logs what this service did itself. @returns the id that its entry is found by */
  async own(
    tx: Tx,
    { tenantId, actor, verdict }: Actor,
    entry: Pick<NewEntry, 'type' | 'data' | 'personal'>,
  ): Promise<string> {
    const id = newId('event');
    await this.run(tx, { ...entry, id, tenantId, actor, verdict, at: new Date().toISOString() });
    return id;
  }
}
