import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { closeTestRun, openTestRun } from '../testing/test-run.js';
import { answers } from './probe.js';
import { startStores, type Stores } from './stores.js';

const passwords = { postgres: 'p@ss/word', redis: 'secret' };

describe('stores', () => {
  let dataDir: string;
  let stores: Stores;
  const start = () => startStores({ dataDir, logDir: join(dataDir, 'logs'), passwords, quickInit: true, env: {} });

  beforeAll(async () => {
    dataDir = openTestRun();
    stores = await start();
  });
  afterAll(async () => {
    await stores.stop();
    closeTestRun(dataDir);
  });

  const query = async (text: string) => {
    const client = new pg.Client({ connectionString: stores.urls.postgres });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  };
  const redis = (words: string, expected: RegExp) =>
    answers(Number(new URL(stores.urls.redis).port), `AUTH secret\r\n${words}\r\n`, expected);

  it('flushes every commit and asks for the password', async () => {
    expect(await query("select current_setting('fsync') as fsync")).toEqual([{ fsync: 'on' }]);
    const stranger = new pg.Client({ connectionString: stores.urls.postgres.replace(/:[^:@]+@/, ':wrong@') });
    await expect(stranger.connect()).rejects.toThrow('password authentication failed');
  });

  it('keeps addresses and rows over a kill -9 of Postgres', async () => {
    await query('create table kept (id int)');
    const before = stores.urls.postgres;
    await stores.kill9('postgres');
    expect(stores.pid('postgres')).toBeUndefined();
    await stores.start('postgres');
    expect(stores.urls.postgres).toBe(before);
    expect(await query('select * from kept')).toEqual([]);
  });

  it('loses everything Redis knew, and only that', async () => {
    expect(await redis('SET a b', /\+OK\r\n\+OK/)).toBe(true);
    await stores.wipeRedis();
    expect(await redis('EXISTS a', /:0/)).toBe(true);
  });

  it('brings NATS back as a new process at the same address', async () => {
    const [url, pid] = [stores.urls.nats, stores.pid('nats')];
    await stores.wipeNats();
    expect(stores.urls.nats).toBe(url);
    expect(stores.pid('nats')).not.toBe(pid);
  });

  it('takes over from a starter that crashed', async () => {
    const abandoned = stores.pid('postgres');
    stores = await start();
    expect(stores.pid('postgres')).not.toBe(abandoned);
    expect(await query('select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('refuses a named store that does not answer, saying which variable named it', async () => {
    const other = join(dataDir, 'other');
    mkdirSync(other);
    const env = { DATABASE_URL: 'postgres://u:hidden@127.0.0.1:1/x' };
    const failure = startStores({ dataDir: other, logDir: other, passwords, quickInit: true, env });
    await expect(failure).rejects.toThrow(/PostgreSQL at .*\*\*\*.* \(DATABASE_URL\) cannot be used/);
    rmSync(other, { recursive: true });
  });
});
