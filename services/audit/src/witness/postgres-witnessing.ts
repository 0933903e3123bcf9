/** The SQL of witnesses: how far each has come, what it cosigned, which proofs wait for a quorum. */
import { Inject, Injectable } from '@nestjs/common';
import { Database, type Statements, type Tx } from '@conclave/postgres-kit';

/** How far a witness is with one log, and what it held against it last. */
export interface Standing {
  readonly size: number;
  readonly failures: number;
  readonly objection: string | null;
}

/** One log of one tenant; when it is followed by another one, that has another origin. */
export interface WitnessedLog {
  readonly tenantId: string;
  readonly origin: string;
}

/** A submission that has not ended after this long is lost; well above the time it may take. */
const LEASE_SECONDS = 60;

/** From the newest head down, so that what is held of a log is told at once; of a log that was given up nothing is held. */
const QUORATE = `
select h.tenant_id, c.size from (
  select tenant_id, origin, min(idx) as first from held_proof group by tenant_id, origin
) h
join log l on l.tenant_id = h.tenant_id and l.origin = h.origin
cross join lateral (
  select c.size from cosignature c
  where c.tenant_id = h.tenant_id and c.origin = h.origin and c.size > h.first and c.witness = any($1)
  group by c.size having count(*) >= $2 order by c.size desc limit 1
) c limit 100`;

@Injectable()
export class PostgresWitnessing {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** Logs whose head is not the one the witness cosigned last, larger or smaller, and whose turn it is. */
  due(witness: string, limit: number, busy: readonly string[]): Promise<WitnessedLog[]> {
    return this.db.system((tx) =>
      tx.query<{ tenantId: string; origin: string }>(
        `select l.tenant_id as "tenantId", l.origin from log l
         left join witness_standing s on s.tenant_id = l.tenant_id and s.origin = l.origin and s.witness = $1
         where l.published > 0 and l.published is distinct from s.size and coalesce(s.due_at, '-infinity') <= clock_timestamp()
           and not (l.tenant_id = any($3)) limit $2`,
        [witness, limit, busy],
      ),
    );
  }

  /** Takes the turn, so that no other replica submits meanwhile; nothing when another one has it. */
  async claim(tx: Tx, { tenantId, origin }: WitnessedLog, witness: string): Promise<Standing | undefined> {
    const row = await tx.one<{ size: string; failures: number; objection: string | null }>(
      `insert into witness_standing as s (tenant_id, origin, witness, due_at)
       values ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))
       on conflict (tenant_id, origin, witness) do update set due_at = excluded.due_at where s.due_at <= clock_timestamp()
       returning size, failures, objection`,
      [tenantId, origin, witness, LEASE_SECONDS],
    );
    return row && { ...row, size: Number(row.size) };
  }

  /** Keeps how far the witness is and what it holds against the log, and when to ask it again. */
  async settle(
    tx: Tx,
    { tenantId, origin }: WitnessedLog,
    witness: string,
    { size, failures, objection, waitMs }: Standing & { readonly waitMs: number },
  ): Promise<void> {
    await tx.query(
      `update witness_standing set size = $4, failures = $5, objection = $6,
         due_at = clock_timestamp() + make_interval(secs => $7 / 1000.0)
       where tenant_id = $1 and origin = $2 and witness = $3`,
      [tenantId, origin, witness, size, failures, objection, waitMs],
    );
  }

  /**
   * The size above `above` that most of the other witnesses cosigned: a witness that follows them there completes a
   * quorum, where each for itself would run after the newest head.
   */
  async sizeOfOthers(tx: Tx, { tenantId, origin }: WitnessedLog, above: number, vkeys: readonly string[]) {
    const row = await tx.one<{ size: string }>(
      `select size from cosignature where tenant_id = $1 and origin = $2 and size > $3 and witness = any($4)
       group by size order by count(*) desc, size desc limit 1`,
      [tenantId, origin, above, vkeys],
    );
    return row && Number(row.size);
  }

  async keep(tx: Tx, { tenantId, origin }: WitnessedLog, size: number, witness: string, line: string): Promise<void> {
    await tx.query(
      'insert into cosignature (tenant_id, origin, size, witness, line) values ($1, $2, $3, $4, $5) on conflict do nothing',
      [tenantId, origin, size, witness, line],
    );
  }

  /** The lines of the named witnesses over the checkpoint of that size. */
  async lines(
    db: Statements,
    { tenantId, origin }: WitnessedLog,
    size: number,
    vkeys: readonly string[],
  ): Promise<string[]> {
    const rows = await db.query<{ line: string }>(
      `select line from cosignature where tenant_id = $1 and origin = $2 and size = $3 and witness = any($4)
       order by array_position($4, witness)`,
      [tenantId, origin, size, vkeys],
    );
    return rows.map(({ line }) => line);
  }

  async hold(tx: Tx, { tenantId, origin }: WitnessedLog, indexes: readonly number[]): Promise<void> {
    await tx.query(
      'insert into held_proof (tenant_id, origin, idx) select $1, $2, unnest($3::bigint[]) on conflict do nothing',
      [tenantId, origin, indexes],
    );
  }

  /** Lets go some of what is held of the tree of that size; of two replicas one gets it. */
  async letGo(tx: Tx, { tenantId, origin }: WitnessedLog, size: number, limit: number): Promise<number[]> {
    const rows = await tx.query<{ idx: string }>(
      `delete from held_proof where tenant_id = $1 and origin = $2 and idx in (
         select idx from held_proof where tenant_id = $1 and origin = $2 and idx < $3 order by idx limit $4)
       returning idx`,
      [tenantId, origin, size, limit],
    );
    return rows.map(({ idx }) => Number(idx));
  }

  /**
   * Logs that hold a proof which a head with its quorum covers, each with the largest such size: whoever was to tell it
   * may have died in between.
   */
  quorate(vkeys: readonly string[], quorum: number): Promise<{ readonly tenantId: string; readonly size: number }[]> {
    return this.db.system(async (tx) => {
      const rows = await tx.query<{ tenant_id: string; size: string }>(QUORATE, [vkeys, quorum]);
      return rows.map(({ tenant_id, size }) => ({ tenantId: tenant_id, size: Number(size) }));
    });
  }

  /** Tenants with a proof that has been held for longer than this. */
  async overdue(waitMs: number): Promise<string[]> {
    const rows = await this.db.system((tx) =>
      tx.query<{ tenant_id: string }>(
        'select distinct tenant_id from held_proof where held_at < clock_timestamp() - make_interval(secs => $1 / 1000.0) limit 100',
        [waitMs],
      ),
    );
    return rows.map((row) => row.tenant_id);
  }
}
