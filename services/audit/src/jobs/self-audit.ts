/**
 * `node services/audit/dist/jobs/self-audit.js`: rebuilds the tree of every log from its entries and compares it with all
 * that was signed. Needs audit's database and key, no running service. Prints one JSON line a log; exits with 1 when
 * a log is damaged or could not be read.
 */
import 'reflect-metadata';
import { Database, pgConnections } from '@conclave/postgres-kit';
import { jobConfig } from '../config.js';
import { CheckpointSigner } from '../log/checkpoint-signer.js';
import { PostgresStage } from '../entries/postgres-stage.js';
import { StageEntry } from '../entries/stage-entry.js';
import { PostgresLog } from '../log/postgres-log.js';
import { tenantsWithLogs } from '../records/postgres-self-audit.js';
import { SelfAudit } from '../records/self-audit.js';

const config = jobConfig();
const ignoreIdle = (): void => undefined;
const options = { schema: 'audit', size: 1, applicationName: 'conclave-self-audit' };
const db = new Database(
  pgConnections({ ...options, url: config.DATABASE_URL }, ignoreIdle),
  pgConnections({ ...options, url: config.DATABASE_SYSTEM_URL }, ignoreIdle),
);
// The running service finds what is staged.
const stage = new StageEntry(new PostgresStage(db), { kick: () => undefined });
const log = new PostgresLog();
const audit = new SelfAudit(db, new CheckpointSigner(config), stage);
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

try {
  for (const tenant of await tenantsWithLogs(db)) {
    try {
      for (const one of await log.all(db.autocommit({ tenantId: tenant, actor: 'service:audit' }), tenant)) {
        const { from, frontier, faults } = await audit.run(one, new Date());
        say({ tenant, log: one.number, from, size: frontier.size, faults });
        if (faults.length > 0) process.exitCode = 1;
      }
    } catch (error) {
      say({ tenant, error: String(error) });
      process.exitCode = 1;
    }
  }
} finally {
  await db.close();
}
