/** The SQL of directories that are read from a connection's provider. */
import type { ReplyOf, directories } from '@conclave/contracts';
import type { Statements, Tx } from '@conclave/postgres-kit';

type View = ReplyOf<typeof directories.getDirectory>;
export type Outcome = NonNullable<View['last']>;
export type Settings = View['settings'];

/** What was asked of a reading. */
export interface Asked {
  readonly dryRun?: boolean;
  readonly mayEnd?: number;
}

export interface DirectoryRow {
  readonly tenant_id: string;
  readonly connection_id: string;
  readonly workspace_id: string;
  readonly settings: Settings;
  readonly secret_sealed: string;
  readonly every_hours: number | null;
  readonly asked: Asked;
  readonly next_at: Date | null;
  readonly reading_since: Date | null;
  readonly last: Outcome | null;
  readonly created_at: Date;
}

/** Whose directory it is. */
export interface Place {
  readonly tenantId: string;
  readonly connectionId: string;
}

const COLUMNS = `tenant_id, connection_id, workspace_id, settings, secret_sealed, every_hours, asked, next_at, reading_since,
  last, created_at`;

export const directoryAt = (db: Statements, { tenantId, connectionId }: Place): Promise<DirectoryRow | undefined> =>
  db.one<DirectoryRow>(`select ${COLUMNS} from directory where tenant_id = $1 and connection_id = $2`, [
    ...[tenantId, connectionId],
  ]);

/** Other settings ask for another reading: what the former one came to is forgotten. */
export async function putDirectoryAt(
  tx: Tx,
  { tenantId, connectionId }: Place,
  row: Pick<DirectoryRow, 'workspace_id' | 'settings' | 'secret_sealed' | 'every_hours' | 'next_at'>,
): Promise<DirectoryRow> {
  const kept = await tx.one<DirectoryRow>(
    `insert into directory (tenant_id, connection_id, workspace_id, settings, secret_sealed, every_hours, next_at, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, now())
     on conflict (tenant_id, connection_id) do update set workspace_id = excluded.workspace_id, settings = excluded.settings,
       secret_sealed = excluded.secret_sealed, every_hours = excluded.every_hours, asked = '{}',
       next_at = excluded.next_at, reading_since = null, last = null
     returning ${COLUMNS}`,
    [
      ...[tenantId, connectionId, row.workspace_id, JSON.stringify(row.settings), row.secret_sealed],
      ...[row.every_hours, row.next_at],
    ],
  );
  return kept!;
}

export const removeDirectory = (tx: Tx, { tenantId, connectionId }: Place): Promise<object | undefined> =>
  tx.one('delete from directory where tenant_id = $1 and connection_id = $2 returning connection_id', [
    ...[tenantId, connectionId],
  ]);

/** Asks for a reading now; one that is under way is the one. */
export const askReading = (
  tx: Tx,
  { tenantId, connectionId }: Place,
  asked: Asked,
): Promise<DirectoryRow | undefined> =>
  tx.one<DirectoryRow>(
    `update directory set asked = case when reading_since is null then $3::jsonb else asked end,
       next_at = case when reading_since is null then now() else next_at end
     where tenant_id = $1 and connection_id = $2 returning ${COLUMNS}`,
    [tenantId, connectionId, JSON.stringify(asked)],
  );

/** Directories that are due, of all tenants, taken until `lostAt`; as the system role, which sees nothing else of them. */
export const takeDue = (tx: Tx, limit: number, lostAt: Date): Promise<Place[]> =>
  tx.query<Place & Record<string, unknown>>(
    `update directory set next_at = $2, reading_since = date_trunc('milliseconds', now()) where (tenant_id, connection_id) in (
       select tenant_id, connection_id from directory where next_at <= now() order by next_at limit $1 for update skip locked)
     returning tenant_id as "tenantId", connection_id as "connectionId"`,
    [limit, lostAt],
  );

/** Keeps what a reading came to, unless the directory is another one by now. */
export async function keepOutcome(
  tx: Tx,
  { tenantId, connectionId }: Place,
  { reading_since: since }: Pick<DirectoryRow, 'reading_since'>,
  outcome: Outcome,
): Promise<boolean> {
  const kept = await tx.one(
    `update directory set last = $3, asked = '{}', reading_since = null, next_at = now() + every_hours * interval '1 hour'
     where tenant_id = $1 and connection_id = $2 and reading_since = $4 returning connection_id`,
    [tenantId, connectionId, JSON.stringify(outcome), since],
  );
  return kept !== undefined;
}

/** Somebody whom the provider has a name for here. */
export interface Known {
  readonly subject: string;
  readonly id: string;
  /** Whether a directory describes them; others came by another way. */
  readonly described: boolean;
  readonly active: boolean;
}

/** Everybody in the workspace whom the connection's provider has a name for. */
export const knownAt = (db: Statements, { tenantId, connectionId }: Place, workspaceId: string): Promise<Known[]> =>
  db.query<Known & Record<string, unknown>>(
    `select i.subject, i.principal_id as id, s.principal_id is not null as described,
       m.principal_id is not null and m.disabled_at is null as active
     from external_identity i
     left join membership m on m.tenant_id = i.tenant_id and m.workspace_id = $3 and m.principal_id = i.principal_id
     left join scim_user s on s.tenant_id = i.tenant_id and s.workspace_id = $3 and s.principal_id = i.principal_id
     where i.tenant_id = $1 and i.connection_id = $2`,
    [tenantId, connectionId, workspaceId],
  );
