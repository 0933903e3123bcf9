import { Inject, Injectable } from '@nestjs/common';
import { ConclaveError, isRetryable, type Fired } from '@conclave/contracts';
import type { Actor, Tx } from '@conclave/postgres-kit';
import { LIVE_RUN } from '../engine/state-lists.js';
import { StartRun } from '../runs/start-run.js';
import { mustTakeRuns } from '../sessions/postgres-sessions.js';
import { runIdOf, seenOf, type Firing } from './firing.js';
import { bury, readTrigger, type TriggerRow } from './postgres-triggers.js';

/** A chain of triggers, each fired by a run of the one before, that is longer than this never ends. */
const DEPTH_LIMIT = 5;

/** Either what became of a firing, or why it started nothing. */
export type FireOutcome = { readonly fired: Fired } | { readonly refused: ConclaveError };

export const runtimeActor = (tenantId: string): Actor => ({ tenantId, actor: 'service:runtime' });

/** Starts the run of a firing, once. Firings of one trigger wait for each other at its row. */
@Injectable()
export class FireTrigger {
  constructor(@Inject(StartRun) private readonly starter: StartRun) {}

  /**
   * In the caller's transaction.
   *
   * @throws ConclaveError `runtime.trigger.not-found` | `runtime.trigger.disabled` | `runtime.trigger.owner-disabled`
   * and what the request of a run is refused with
   */
  async fire(tx: Tx, tenantId: string, id: string, firing: Firing): Promise<Fired> {
    const trigger = await readTrigger(tx, runtimeActor(tenantId), id, true);
    if (!trigger.enabled) throw new ConclaveError('runtime.trigger.disabled', { id });
    if (trigger.owner_disabled) throw new ConclaveError('runtime.trigger.owner-disabled', { id });
    const before = await this.startedBefore(tx, trigger, firing);
    if (before) return { run: before };
    const { source, template } = trigger;
    if (source.kind === 'cron' && source.overlap === 'skip' && (await goesOn(tx, trigger)))
      return { skipped: 'overlap' };
    const who = {
      ...{ tenantId, workspaceId: trigger.workspace_id, actor: trigger.owner },
      rootCredential: firing.kind === 'manual' ? firing.rootCredential : (trigger.root_credential ?? undefined),
    };
    if (template.session !== undefined) await mustTakeRuns(tx, who, template.session);
    const run = await this.starter.start(tx, who, template, {
      id: runIdOf(tenantId, id, firing),
      title: trigger.title,
      trigger: seenOf(id, firing),
    });
    await this.remember(tx, trigger, firing, run);
    return { run };
  }

  /** The same for those whom nobody listens to: what is refused is kept as a dead letter, and does not end the others. */
  async fireOrBury(tx: Tx, tenantId: string, id: string, firing: Firing): Promise<FireOutcome> {
    const endless = (firing.depth ?? 0) > DEPTH_LIMIT;
    if (endless) {
      const reason = `more than ${DEPTH_LIMIT} triggers, each fired by a run of the one before`;
      await this.bury(tx, tenantId, id, firing, { code: 'trigger.loop', reason });
      return { fired: {} };
    }
    try {
      return { fired: await this.fire(tx, tenantId, id, firing) };
    } catch (error) {
      // Each of these is thrown before anything is written, so the transaction is still good.
      if (!(error instanceof ConclaveError) || isRetryable(error.code)) throw error;
      if (!NOT_KEPT.has(error.code)) {
        const { code, message, params } = error;
        const detail = Object.keys(params).length > 0 ? ` ${JSON.stringify(params)}` : '';
        await this.bury(tx, tenantId, id, firing, { code, reason: `${message}${detail}` });
      }
      return { refused: error };
    }
  }

  private async bury(
    tx: Tx,
    tenantId: string,
    id: string,
    firing: Firing,
    why: { readonly code: string; readonly reason: string },
  ): Promise<void> {
    const trigger = await readTrigger(tx, runtimeActor(tenantId), id);
    await bury(tx, trigger, { key: firing.key, ...why, firing: seenOf(id, firing) });
  }

  private async startedBefore(tx: Tx, { tenant_id, id }: TriggerRow, firing: Firing): Promise<string | undefined> {
    if (firing.message !== undefined) {
      const row = await tx.one<{ run_id: string }>(
        'select run_id from trigger_delivery where tenant_id = $1 and trigger_id = $2 and message = $3',
        [tenant_id, id, firing.message],
      );
      return row?.run_id;
    }
    const row = await tx.one<{ id: string }>('select id from run where tenant_id = $1 and id = $2', [
      ...[tenant_id, runIdOf(tenant_id, id, firing)],
    ]);
    return row?.id;
  }

  private async remember(tx: Tx, { tenant_id, id }: TriggerRow, { at, message }: Firing, run: string): Promise<void> {
    await tx.query('update trigger set last_run_id = $3, fired_at = $4 where tenant_id = $1 and id = $2', [
      ...[tenant_id, id, run, at],
    ]);
    if (message === undefined) return;
    await tx.query('insert into trigger_delivery (tenant_id, trigger_id, message, run_id) values ($1, $2, $3, $4)', [
      ...[tenant_id, id, message, run],
    ]);
  }
}

/** Nothing is wrong with a trigger that is gone or turned off. */
const NOT_KEPT: ReadonlySet<string> = new Set(['runtime.trigger.not-found', 'runtime.trigger.disabled']);

/** Whether the run it started last has not ended. */
async function goesOn(tx: Tx, { tenant_id, last_run_id }: TriggerRow): Promise<boolean> {
  if (last_run_id === null) return false;
  const run = await tx.one(`select id from run where tenant_id = $1 and id = $2 and state in ${LIVE_RUN}`, [
    tenant_id,
    last_run_id,
  ]);
  return run !== undefined;
}
