import { newId } from '@conclave/contracts';
import type { TestDatabase } from './test-database.js';

interface Note {
  readonly tenant_id: string;
  readonly text: string;
}

const TENANTS = 40;
const AT_ONCE = 64;

/**
 * How many rows of others were seen by `transactions` of many tenants, interleaved on a pool of four connections: each
 * reads and writes, some fail in the middle, some are rolled back, some are single statements, some reads that share a connection. The table is `note`.
 */
export async function foreignRows(database: TestDatabase, transactions: number): Promise<number> {
  const db = database.open('metrics', 4);
  const tenants = Array.from({ length: TENANTS }, () => newId('tenant'));
  let [next, foreign] = [0, 0];
  const look = (tenant: string, rows: readonly Note[]): void => {
    foreign += rows.filter(({ tenant_id, text }) => tenant_id !== tenant || text !== tenant).length;
  };
  const one = async (n: number): Promise<void> => {
    const tenant = tenants[(n * 7) % TENANTS]!;
    const ctx = { tenantId: tenant, actor: 'test' };
    const notes = 'select tenant_id, text from note';
    if (n % 5 === 0) return look(tenant, await db.autocommit(ctx).query(`${notes} where id <> $1`, ['x']));
    if (n % 5 === 1) return look(tenant, await db.reads(ctx).query(`${notes} where id <> $1`, ['x']));
    const work = db.tx(ctx, async (tx) => {
      look(tenant, await tx.query(notes));
      await tx.query('insert into note (tenant_id, id, text) values ($1, $2, $1) on conflict do nothing', [
        tenant,
        `${n % 3}`,
      ]);
      if (n % 11 === 0) await tx.query('select 1 / 0');
      if (n % 7 === 0) throw new Error('rolled back');
      const written = await tx.query<Note>(notes);
      if (written.length === 0) throw new Error('what was written is not there');
      look(tenant, written);
    });
    await work.catch((error: Error) => {
      if (!/rolled back|division by zero/.test(error.message)) throw error;
    });
  };
  const worker = async (): Promise<void> => {
    while (next < transactions) await one(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return foreign;
}
