import { METRICS } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { Gauge, type Registry } from 'prom-client';
import { selfAuditFigures } from './postgres-self-audit.js';

/** What the nightly job found, told by the service: the job itself is gone before anybody could ask it. */
@Injectable()
export class SelfAuditGauges {
  constructor(@Inject(Database) db: Database, @Inject(METRICS) metrics: Registry) {
    // NaN while the database is away: one number less must not cost the others.
    const figures = () => selfAuditFigures(db).catch(() => ({ faults: NaN, ageS: NaN }));
    new Gauge({
      name: 'conclave_audit_self_audit_faults',
      help: 'Faults that the latest self-audits of all logs found.',
      registers: [metrics],
      async collect() {
        this.set((await figures()).faults);
      },
    });
    new Gauge({
      name: 'conclave_audit_self_audit_age_seconds',
      help: 'Since the log whose self-audit is the least recent was looked at.',
      registers: [metrics],
      async collect() {
        this.set((await figures()).ageS);
      },
    });
  }
}
