import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newNkeySeed, nkeyOf } from '@conclave/nest-kit/nkey';
import pg from 'pg';
import { refuseRolesInUse } from '../provision/migrate.js';
import { asRole } from '../services.js';
import { closeTestRun, openTestRun } from '../testing/test-run.js';
import { externalStore } from './external-store.js';
import { localStore } from './local-store.js';
import { locate } from './locate.js';
import { answers } from './probe.js';
import { startStores, type Stores } from './stores.js';

const passwords = { postgres: 'p@ss/word', redis: 'secret' };

describe('stores', () => {
  let dataDir: string;
  let stores: Stores;
  const env = { POSTGRES_LIBRARIES: 'pg_stat_statements' };
  const start = () => startStores({ dataDir, logDir: join(dataDir, 'logs'), passwords, quickInit: true, env });

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

  it('flushes every commit, loads what it is told to, and asks for the password', async () => {
    expect(
      await query(`select current_setting('fsync') as fsync, current_setting('shared_preload_libraries') as loaded`),
    ).toEqual([{ fsync: 'on', loaded: 'pg_stat_statements' }]);
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

  it('refuses a server on which another installation is at work, and takes over one that was left', async () => {
    await query("create role auth_app login password 'theirs'");
    const theirs = new pg.Client({ connectionString: asRole(stores.urls.postgres, 'auth_app', 'theirs') });
    await theirs.connect();
    const passwords = (password: string) => refuseRolesInUse(stores.urls.postgres, { auth_app: password, more: 'x' });
    await expect(passwords('ours')).rejects.toThrow(/auth_app is signed in from 127\.0\.0\.1 .* not ours/);
    await passwords('theirs');
    await theirs.end();
    while (
      await passwords('ours').then(
        () => false,
        () => true,
      )
    )
      await sleep(20); // its session ends in a moment
  });

  it('refuses a named bus that does not know our services, and writes down whom it should let in', async () => {
    const [seed, stranger] = [newNkeySeed(), newNkeySeed()];
    const users = [{ name: 'gateway', nkey: nkeyOf(seed), publish: ['a'], subscribe: ['b'] }];
    const nats = await locate('nats');
    if (!nats) throw new Error('There is no nats-server.');
    const home = join(dataDir, 'guarded');
    mkdirSync(home);
    const options = { dataDir: home, logDir: home, passwords };
    const guarded = localStore('nats', nats, { ...options, natsUsers: users });
    await guarded.start();
    const named = (natsSeed?: string) => externalStore('nats', guarded.url, { ...options, natsUsers: users, natsSeed });
    try {
      await named(seed).start();
      for (const other of [stranger, undefined])
        await expect(named(other).start()).rejects.toThrow(/\(NATS_URL\) cannot be used: .*Authorization Violation/);
      expect(readFileSync(join(home, 'nats-users.conf'), 'utf8')).toContain(`nkey: ${nkeyOf(seed)}`);
      await externalStore('nats', stores.urls.nats, { ...options, natsUsers: users, natsSeed: seed }).start();
    } finally {
      await guarded.stop();
    }
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
