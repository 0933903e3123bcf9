import { Inject, Injectable } from '@nestjs/common';
import { events } from '@conclave/contracts';
import { LOG, METRICS } from '@conclave/nest-kit';
import type { Tx } from '@conclave/postgres-kit';
import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { Witness } from './config.js';
import type { WitnessedLog } from './postgres-witnessing.js';
import type { Outcome } from './witness-outcome.js';

/** What is told of submissions: a count of each, an alarm for each objection that is new. */
@Injectable()
export class WitnessEvents {
  private readonly submissions: Counter;
  private readonly stamps: Counter;

  constructor(
    @Inject(LOG) private readonly logger: Logger,
    @Inject(METRICS) metrics: Registry,
  ) {
    this.submissions = new Counter({
      name: 'conclave_audit_witness_submissions_total',
      help: 'Checkpoints offered to witnesses, by what came of it; shrunk, forked and untrusted are alarms.',
      labelNames: ['result'],
      registers: [metrics],
    });
    this.stamps = new Counter({
      name: 'conclave_audit_timestamps_total',
      help: 'Checkpoints shown to the timestamp authority, by what came of it: granted or failed.',
      labelNames: ['result'],
      registers: [metrics],
    });
  }

  stamped({ tenantId, origin }: WitnessedLog, authority: string, err: unknown): void {
    this.stamps.inc({ result: err === undefined ? 'granted' : 'failed' });
    if (err !== undefined)
      this.logger.warn({ err, tenant: tenantId, origin, authority }, 'a timestamp authority will be asked again');
  }

  async submitted(tx: Tx, { tenantId, origin }: WitnessedLog, { key }: Witness, outcome: Outcome, isNew: boolean) {
    const about = { origin, witness: key.name };
    tx.afterCommit(() => this.submissions.inc({ result: outcome.result }));
    if (outcome.result === 'failed')
      this.logger.warn({ tenant: tenantId, ...about, reason: outcome.reason }, 'a witness will be asked again');
    if (!('head' in outcome) || !isNew) return;
    const alarm = { ...about, objection: outcome.result, witnessedSize: outcome.size, size: outcome.head };
    await tx.emit(events.logContested, alarm);
    tx.afterCommit(() => this.logger.error({ code: 'audit.log.contested', tenant: tenantId, ...alarm }, CONTESTED));
  }
}

const CONTESTED = 'a witness remembers another log than this database holds';
