import { LOG } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { Rounds, toEach } from '../rounds.js';
import { takeDue } from './postgres-directories.js';
import { ReadPeople } from './read-people.js';

const TICK_MS = 15_000;
const PER_ROUND = 4;
/** A reading that has not ended after this long is lost, and begins anew. */
const LEASE_MS = 30 * 60_000;

/** Reads the directories that are due, a few at a time. */
@Injectable()
export class Readings {
  readonly rounds: Rounds;

  constructor(
    private readonly db: Database,
    private readonly people: ReadPeople,
    @Inject(LOG) private readonly log: Logger,
  ) {
    const failed = (error: unknown) => this.log.warn({ err: error }, 'directories will be looked for again');
    this.rounds = new Rounds(TICK_MS, () => this.look(), failed);
  }

  private async look(): Promise<void> {
    const lostAt = new Date(Date.now() + LEASE_MS);
    const due = await this.db.system((tx) => takeDue(tx, PER_ROUND, lostAt));
    await toEach(
      due,
      (place) => this.people.run(place),
      (err, { connectionId: connection }) => this.log.warn({ err, connection }, 'a reading was lost'),
    );
  }
}
