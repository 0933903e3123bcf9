import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { foreignRows } from './test/interleave.js';
import { createTestDatabase, walledTable, type TestDatabase } from './test/test-database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({
    metrics: walledTable('note', `id text not null, text text not null, primary key (tenant_id, id)`),
  });
});
afterAll(() => database.drop());

it('a hundred thousand transactions on four connections show no row of another tenant', async () => {
  expect(await foreignRows(database, 100_000)).toBe(0);
}, 600_000);
