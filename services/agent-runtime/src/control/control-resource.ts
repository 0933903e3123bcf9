import type { INestApplicationContext } from '@nestjs/common';
import type { ResourceFactory } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import type { RuntimeConfig } from '../config.js';
import { Bells } from '../engine/bells.js';
import { expireRuns } from '../engine/postgres-control.js';
import { expireWaits } from '../engine/postgres-waits.js';
import { EndWork } from '../runs/end-work.js';
import { LiveRuns } from '../runs/live-runs.js';
import { CronTriggers } from '../triggers/cron-triggers.js';
import { RunEventTriggers } from '../triggers/run-event-triggers.js';
import { BacklogMetrics } from './backlog-metrics.js';
import { Control, type ControlJob } from './control.js';
import { forgetFirings, removeJournals } from './postgres-retention.js';

/** Runs the control role's jobs when the process has it, and tells of the backlog. */
export function control(): ResourceFactory<RuntimeConfig> {
  return async ({ log, metrics }, config) => {
    let running: Control | undefined;
    let backlog: BacklogMetrics | undefined;
    return {
      providers: [],
      ready: async () => undefined,
      async start(app) {
        if (!config.ROLES.includes('control')) return;
        running = new Control(app.get(Database), log, metrics, lanesOf(app, config));
        running.start();
        backlog = new BacklogMetrics(app.get(Database), log, metrics, config.WORKER_LEASE_MS);
        backlog.start();
      },
      drain: async () => void (await Promise.all([running?.stop(), backlog?.stop()])),
      stop: async () => undefined,
    };
  };
}

/** What ends waits stands behind nobody's triggers, nor behind the end of much work. */
function lanesOf(app: INestApplicationContext, config: RuntimeConfig): ControlJob[][] {
  const [db, live, bells] = [app.get(Database), app.get(LiveRuns), app.get(Bells)];
  const [cron, events] = [app.get(CronTriggers), app.get(RunEventTriggers)];
  const kept = config.JOURNAL_RETENTION_DAYS;
  const waits: ControlJob = {
    name: 'waits',
    everyMs: 200,
    async run() {
      if ((await expireWaits(db)) > 0) bells.ready();
    },
  };
  const deadlines: ControlJob = {
    name: 'deadlines',
    everyMs: 500,
    async run() {
      const ended = await expireRuns(db);
      if (ended.length === 0) return;
      for (const id of ended) live.changed(id);
      bells.ended(ended);
      bells.ready();
    },
  };
  const work = app.get(EndWork);
  const endings: ControlJob = { name: 'endings', everyMs: 500, run: () => work.goOn() };
  const triggers: ControlJob[] = [
    { name: 'cron', everyMs: 500, run: () => cron.fireDue() },
    { name: 'events', everyMs: 500, run: () => events.follow() },
  ];
  return [[waits, deadlines], [endings], [...triggers, ...(kept > 0 ? [retention(db, kept)] : [])]];
}

const retention = (db: Database, days: number): ControlJob => ({
  name: 'retention',
  everyMs: 10_000,
  async run() {
    await removeJournals(db, days);
    await forgetFirings(db, days);
  },
});
