import { base64, formatTlogProof, inclusionProof, nodesForInclusion } from '@conclave/audit-core';
import { Inject, Injectable } from '@nestjs/common';
import { events } from '@conclave/contracts';
import { LOG, METRICS, type ResourceFactory } from '@conclave/nest-kit';
import type { Tx } from '@conclave/postgres-kit';
import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import { HeldProofs } from '../witness/held-proofs.js';
import { Witnessing } from '../witness/witnessing.js';
import { PostgresLog, type LoggedEntry, type StoredCheckpoint } from './postgres-log.js';

/** What is staged by another replica is found within this time. */
const SWEEP_MS = 500;
/** Entries whose proof somebody waits for: a decision's receipt needs them. */
const AWAITED: ReadonlySet<string> = new Set([
  events.decisionOpened.type,
  events.commitsClosed.type,
  events.decisionSealed.type,
]);

/**
 * Gives staged entries their place. Any number of replicas may try: the log's row lock lets one win, and the others
 * find the stage empty. A checkpoint is public only after its transaction has committed.
 */
@Injectable()
export class Sequencer {
  private running: Promise<void> | undefined;
  private again = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly sequenced: Counter;

  constructor(
    @Inject(PostgresLog) private readonly log: PostgresLog,
    @Inject(HeldProofs) private readonly held: HeldProofs,
    @Inject(Witnessing) private readonly witnessing: Witnessing,
    @Inject(LOG) private readonly logger: Logger,
    @Inject(METRICS) metrics: Registry,
  ) {
    this.sequenced = new Counter({
      name: 'conclave_audit_entries_total',
      help: 'Entries given a place in a log.',
      registers: [metrics],
    });
  }

  start(): void {
    this.timer = setInterval(() => this.kick(), SWEEP_MS);
    this.kick();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  /** Sequences what waits, soon. */
  kick(): void {
    this.again = true;
    this.running ??= this.drain().finally(() => {
      this.running = undefined;
    });
  }

  private async drain(): Promise<void> {
    while (this.again) {
      this.again = false;
      try {
        for (const tenantId of await this.log.waitingTenants())
          if ((await this.sequence(tenantId)) > 0) this.again = true;
      } catch (error) {
        this.logger.warn({ err: error }, 'sequencing will be tried again');
        return;
      }
    }
  }

  /** One log that cannot grow keeps no other from growing. */
  private async sequence(tenantId: string): Promise<number> {
    try {
      const taken = await this.log.sequence(tenantId, (tx, entries, checkpoint) =>
        this.announce(tx, tenantId, entries, checkpoint),
      );
      this.sequenced.inc(taken);
      return taken;
    } catch (error) {
      this.logger.error({ err: error, tenant: tenantId }, 'this log is not sequenced; it will be tried again');
      return 0;
    }
  }

  private async announce(
    tx: Tx,
    tenantId: string,
    entries: readonly LoggedEntry[],
    checkpoint: StoredCheckpoint,
  ): Promise<void> {
    tx.afterCommit(this.witnessing.wake);
    const awaited = entries.filter(({ type }) => AWAITED.has(type));
    for (const entry of await this.held.hold(tx, tenantId, awaited)) {
      const nodeAt = await this.log.nodes(tx, tenantId, nodesForInclusion(entry.index, checkpoint.size));
      const hashes = inclusionProof(entry.index, checkpoint.size, nodeAt);
      const proof = formatTlogProof({ index: entry.index, hashes, checkpoint: checkpoint.note });
      await tx.emit(events.entryCheckpointed, {
        eventId: entry.eventId,
        type: entry.type,
        index: entry.index,
        entry: base64(entry.body),
        proof,
      });
    }
  }
}

/** Runs the sequencer with the service. */
export function sequencing(): ResourceFactory<unknown> {
  return async () => {
    let sequencer: Sequencer | undefined;
    return {
      providers: [],
      ready: async () => undefined,
      async start(app) {
        const found = app.get(Sequencer);
        found.start();
        sequencer = found;
      },
      stop: async () => sequencer?.stop(),
    };
  };
}
