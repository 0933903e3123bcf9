/** The SQL of erasures: operators' rows about tenants that are to go, or are gone. */
import { eventContracts, type ReplyOf, type ServiceName, type tenants } from '@conclave/contracts';
import type { Statements, Tx } from '@conclave/postgres-kit';

export type Erasure = ReplyOf<typeof tenants.getErasure>;
export type Answer = Erasure['answers'][number];

/** Who is asked and answers. */
export const owners: readonly ServiceName[] = eventContracts
  .filter(({ type }) => type.startsWith('tenant.erased-by-'))
  .map(({ producer }) => producer);

interface ErasureRow {
  readonly erased: string;
  readonly requested_by: string;
  readonly requested_at: Date;
  readonly erase_at: Date;
  readonly started_at: Date | null;
  readonly answers: Readonly<Record<string, Omit<Answer, 'service'>>>;
  readonly data_keys: number | null;
  readonly finished_at: Date | null;
}

const COLUMNS = 'erased, requested_by, requested_at, erase_at, started_at, answers, data_keys, finished_at';

/** Asked for twice it stays as it was asked for first; what is left of one that was canceled counts for nothing. */
export async function insertErasure(
  tx: Tx,
  row: { tenantId: string; erased: string; by: string; at: Date; eraseAt: Date },
): Promise<void> {
  await tx.query(
    'delete from tenant_erasure where tenant_id = $1 and erased = $2 and started_at is null and erase_at <> $3',
    [row.tenantId, row.erased, row.eraseAt],
  );
  await tx.query(
    `insert into tenant_erasure (tenant_id, erased, requested_by, requested_at, erase_at) values ($1, $2, $3, $4, $5)
     on conflict do nothing`,
    [row.tenantId, row.erased, row.by, row.at, row.eraseAt],
  );
}

export async function deleteErasure(tx: Tx, tenantId: string, erased: string): Promise<void> {
  await tx.query('delete from tenant_erasure where tenant_id = $1 and erased = $2 and started_at is null', [
    ...[tenantId, erased],
  ]);
}

export async function erasureOf(db: Statements, tenantId: string, erased: string): Promise<Erasure | undefined> {
  const row = await db.one<ErasureRow>(`select ${COLUMNS} from tenant_erasure where tenant_id = $1 and erased = $2`, [
    tenantId,
    erased,
  ]);
  return row && viewOf(row);
}

/** What an erasure waits for next. */
export interface Open {
  readonly tenant_id: string;
  readonly erased: string;
  readonly started: boolean;
  /** Owners were asked so long ago that they are asked once more. */
  readonly silent: boolean;
  readonly answered: number;
  readonly own: 'unasked' | 'asked' | 'answered';
}

/** As the system role: of all that are due, those that are not finished. */
export const openErasures = (tx: Tx, patienceMs: number): Promise<Open[]> =>
  tx.query<Open>(
    `select e.tenant_id, e.erased, e.started_at is not null as started,
       e.asked_at < clock_timestamp() - $1 * interval '1 ms' as silent,
       (select count(*)::int from jsonb_object_keys(e.answers)) as answered,
       case when o.tenant is null then 'unasked' when o.answered_at is null then 'asked' else 'answered' end as own
     from tenant_erasure e left join erased_tenant o on o.tenant = e.erased
     where e.finished_at is null and e.erase_at <= clock_timestamp() order by e.erase_at`,
    [patienceMs],
  );

export async function markAsked(tx: Tx, tenantId: string, erased: string): Promise<void> {
  await tx.query(
    `update tenant_erasure set started_at = coalesce(started_at, clock_timestamp()), asked_at = clock_timestamp()
     where tenant_id = $1 and erased = $2`,
    [tenantId, erased],
  );
}

export async function keepAnswer(
  tx: Tx,
  tenantId: string,
  erased: string,
  { service, ...said }: Answer,
): Promise<void> {
  await tx.query(
    `update tenant_erasure set answers = answers || jsonb_build_object($3::text, $4::jsonb)
     where tenant_id = $1 and erased = $2 and finished_at is null`,
    [tenantId, erased, service, JSON.stringify(said)],
  );
}

export async function keepDataKeys(tx: Tx, tenantId: string, erased: string, count: number): Promise<void> {
  await tx.query('update tenant_erasure set data_keys = coalesce(data_keys, $3) where tenant_id = $1 and erased = $2', [
    ...[tenantId, erased, count],
  ]);
}

/** @returns what auth itself did, when the erasure was not finished before */
export async function finishErasure(tx: Tx, tenantId: string, erased: string): Promise<Erasure | undefined> {
  const row = await tx.one<ErasureRow>(
    `update tenant_erasure e set finished_at = clock_timestamp(),
       answers = answers || jsonb_build_object('auth', jsonb_build_object(
         'rows', o.rows, 'detail', o.detail, 'at', to_char(o.answered_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
     from erased_tenant o
     where e.tenant_id = $1 and e.erased = $2 and e.finished_at is null and o.tenant = e.erased
     returning ${COLUMNS.replace('erased', 'e.erased')}`,
    [tenantId, erased],
  );
  return row && viewOf(row);
}

const viewOf = (row: ErasureRow): Erasure => {
  const answers = Object.entries(row.answers).map(([service, said]) => ({ service: service as ServiceName, ...said }));
  return {
    tenant: row.erased,
    requestedBy: row.requested_by,
    requestedAt: row.requested_at.toISOString(),
    erasesAt: row.erase_at.toISOString(),
    ...(row.started_at ? { startedAt: row.started_at.toISOString() } : {}),
    ...(row.finished_at ? { finishedAt: row.finished_at.toISOString() } : {}),
    ...(row.data_keys === null ? {} : { dataKeys: row.data_keys }),
    answers: answers.sort((a, b) => (a.at < b.at ? -1 : 1)),
    waitingFor: [...owners, 'auth' as const].filter((name) => !(name in row.answers)),
  };
};
