import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Database, pgConnections } from '@conclave/postgres-kit';
import { recordOf } from '../engine/postgres-record.js';

/** Writes the journals of ended runs to a folder, if there is one: how the corpus of `replay.spec.ts` is made. */
export async function keepJournals(adminUrl: string, folder: string | undefined): Promise<void> {
  if (!folder) return;
  const open = () =>
    pgConnections({ url: adminUrl, schema: 'runtime', size: 1, applicationName: 'keep-journals' }, () => undefined);
  const db = new Database(open(), open());
  const all = db.acrossTenants;
  const ended = await all.query<{ id: string; tenantId: string }>(
    `select id, tenant_id as "tenantId" from run where state in ('completed', 'failed')`,
  );
  for (const run of ended)
    writeFileSync(join(folder, `${run.id}.json`), `${JSON.stringify(await recordOf(all, run), null, 1)}\n`);
  await db.close();
}
