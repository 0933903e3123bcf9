import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Database } from '@conclave/postgres-kit';
import { recordOf } from '../engine/postgres-record.js';
import type { RuntimeFixture } from './runtime-fixture.js';

/** Writes the journals of ended runs to a folder, if there is one: how the corpus of `replay.spec.ts` is made. */
export async function keepJournals({ service, database }: RuntimeFixture, folder: string | undefined): Promise<void> {
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
