/** The SQL of calibration. Rows are only ever inserted. */
import type { Actor, Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';

/** What was recorded as right in a decision. */
export interface Hindsight {
  readonly taskClass: string;
  readonly right: readonly string[];
}

export interface VoterOutcome {
  readonly voterId: string;
  readonly wasRight: boolean;
}

@Injectable()
export class PostgresCalibration {
  async addDecision(tx: Tx, ctx: Actor, decisionId: string, taskClass: string): Promise<void> {
    await tx.query('insert into calibrated_decision (tenant_id, decision_id, task_class) values ($1, $2, $3)', [
      ctx.tenantId,
      decisionId,
      taskClass,
    ]);
  }

  /** The decisions of a class that have ended with a receipt last, the one that ended first of them first. */
  async endedDecisions(tx: Tx, ctx: Actor, taskClass: string, limit: number): Promise<string[]> {
    const rows = await tx.query<{ id: string }>(
      `select c.decision_id as id from calibrated_decision c join decision d on d.tenant_id = c.tenant_id and d.id = c.decision_id
       where c.tenant_id = $1 and c.task_class = $2 and d.sealed_at is not null
       order by d.sealed_at desc, d.id desc limit $3`,
      [ctx.tenantId, taskClass, limit],
    );
    return rows.map(({ id }) => id).reverse();
  }

  /** False when something was recorded before. */
  async addHindsight(tx: Tx, ctx: Actor, decisionId: string, { taskClass, right }: Hindsight): Promise<boolean> {
    const added = await tx.one(
      `insert into hindsight (tenant_id, decision_id, task_class, right_options, recorded_by)
       values ($1, $2, $3, $4, $5) on conflict do nothing returning decision_id`,
      [ctx.tenantId, decisionId, taskClass, JSON.stringify(right), ctx.actor],
    );
    return added !== undefined;
  }

  hindsight(tx: Tx, ctx: Actor, decisionId: string): Promise<Hindsight | undefined> {
    return tx.one<Hindsight>(
      `select task_class as "taskClass", right_options as "right" from hindsight where tenant_id = $1 and decision_id = $2`,
      [ctx.tenantId, decisionId],
    );
  }

  async addOutcomes(
    tx: Tx,
    ctx: Actor,
    decisionId: string,
    taskClass: string,
    outcomes: readonly VoterOutcome[],
  ): Promise<void> {
    await tx.query(
      `insert into voter_outcome (tenant_id, decision_id, task_class, voter_id, was_right)
       select $1, $2, $3, voter_id, was_right from unnest($4::text[], $5::boolean[]) as told (voter_id, was_right)`,
      [
        ctx.tenantId,
        decisionId,
        taskClass,
        outcomes.map(({ voterId }) => voterId),
        outcomes.map(({ wasRight }) => wasRight),
      ],
    );
  }

  /** Each voter's latest outcomes, the oldest of them first; beyond 500 one has faded to less than a unit of weight. */
  outcomes(tx: Tx, ctx: Actor, taskClass: string): Promise<VoterOutcome[]> {
    return tx.query<VoterOutcome>(
      `select voter_id as "voterId", was_right as "wasRight" from (
         select voter_id, was_right, seq, row_number() over (partition by voter_id order by seq desc) as age
         from voter_outcome where tenant_id = $1 and task_class = $2
       ) as latest where age <= 500 order by seq`,
      [ctx.tenantId, taskClass],
    );
  }
}
