import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Database } from '@conclave/postgres-kit';
import { recordOf } from '../engine/postgres-record.js';
import type { RuntimeFixture } from './runtime-fixture.js';

/** Writes the journals of ended runs to the folder that `KEEP_JOURNALS` names: how the corpus of `replay.spec.ts` is made. */
export async function keepJournals({ service, database }: RuntimeFixture): Promise<void> {
  const folder = process.env['KEEP_JOURNALS'];
  if (!folder) return;
  const db = service.app.get(Database);
  const ended = await database.query<{ id: string; tenantId: string }>(
    `select id, tenant_id as "tenantId" from runtime.run where state in ('completed', 'failed')`,
  );
  for (const run of ended) {
    const record = await db.tx({ ...run, actor: 'service:runtime' }, (tx) => recordOf(tx, run));
    writeFileSync(join(folder, `${run.id}.json`), `${JSON.stringify(record, null, 1)}\n`);
  }
}
