import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { processIdentity } from '../../bin/identity.mjs';
import { run } from '../processes/run.js';
import { localStore } from '../stores/local-store.js';
import { locate } from '../stores/locate.js';
import type { Store } from '../stores/store.js';
import type { DevFile } from '../supervisor/supervisor.js';
import { closeTestRun, openTestRun } from '../testing/test-run.js';

describe('up and down', () => {
  let home: string;
  let bystander: Store;
  const { DATABASE_URL: _, NATS_URL: __, REDIS_URL: ___, ...outer } = process.env;
  const command = (name: string, words: readonly string[] = [], env: NodeJS.ProcessEnv = {}) =>
    run(process.execPath, [join(import.meta.dirname, `${name}.js`), ...words], {
      env: { ...outer, ...env, CONCLAVE_STATE_DIR: join(home, 'state') },
    });
  const up = async () => {
    expect(await command('up', ['--no-story'])).toMatchObject({ code: 0, stderr: '' });
    return JSON.parse(readFileSync(join(home, 'state/dev.json'), 'utf8')) as DevFile;
  };
  const alive = (dev: DevFile) => Object.values(dev.pids).filter((pid) => processIdentity(pid) !== undefined);

  beforeAll(async () => {
    home = openTestRun();
    const nats = await locate('nats');
    if (!nats) throw new Error('There is no nats-server.');
    const options = { dataDir: join(home, 'bystander'), logDir: home, passwords: { postgres: '', redis: '' } };
    bystander = localStore('nats', nats, options);
    await bystander.start();
  });
  afterAll(async () => {
    await command('down', ['--purge']);
    await bystander.stop();
    closeTestRun(home);
  });

  let dev: DevFile;

  it('that failed can be asked again at once, and says again what is wrong', async () => {
    const again = { DATABASE_URL: 'postgres://ada:secret@127.0.0.1:1/x' };
    for (const call of ['first', 'second'])
      expect([call, await command('up', [], again)]).toEqual([
        call,
        expect.objectContaining({ code: 1, stderr: expect.stringContaining('(DATABASE_URL) cannot be used') }),
      ]);
  }, 120_000);

  it('brings up what its file says, for two tenants, readable by nobody else', async () => {
    dev = await up();
    expect(statSync(join(home, 'state/dev.json')).mode & 0o777).toBe(0o600);
    for (const key of ['apiKey', 'apiKeyB'] as const) {
      const me = await fetch(`${dev.gateway}/v1/me`, { headers: { authorization: `Bearer ${dev[key]}` } });
      expect(me.status).toBe(200);
    }
    expect(dev.tenant).not.toBe(dev.tenantB);
    expect(dev.log.vkey.startsWith(`${dev.log.origin}+`)).toBe(true);
    expect(Object.keys(dev.pids)).toHaveLength(12);
    expect(alive(dev)).toHaveLength(12);
  }, 180_000);

  it('changes nothing the second time, which takes moments', async () => {
    const began = Date.now();
    expect(await up()).toEqual(dev);
    expect(Date.now() - began).toBeLessThan(45_000); // 15 s on a quiet machine; here other suites run as well
  }, 60_000);

  it('moves a service whose port somebody took', async () => {
    const port = Number(new URL(dev.gateway).port);
    const thief = createServer((_, response) => response.end('{"status":"ready"}'));
    thief.on('error', () => setTimeout(() => thief.listen(port, '127.0.0.1'), 2)).listen(port, '127.0.0.1');
    process.kill(dev.pids['gateway'] ?? 0, 'SIGKILL');
    await new Promise<void>((done) => thief.once('listening', done));
    try {
      dev = await up();
      expect(Number(new URL(dev.gateway).port)).not.toBe(port);
      const me = await fetch(`${dev.gateway}/v1/me`, { headers: { authorization: `Bearer ${dev.apiKey}` } });
      expect(me.status).toBe(200);
    } finally {
      thief.closeAllConnections();
      thief.close();
    }
  }, 180_000);

  it('starts afresh after its supervisor was killed, leaving no orphan and losing nothing', async () => {
    const before = dev;
    process.kill(before.pids['supervisor'] ?? 0, 'SIGKILL');
    dev = await up();
    expect(alive(before)).toEqual([]);
    expect(alive(dev)).toHaveLength(12);
    expect({ ...dev, pids: {} }).toEqual({ ...before, pids: {} });
  }, 180_000);

  it('ends all of it and nothing else; purging leaves no file', async () => {
    expect(await command('down')).toMatchObject({ code: 0 });
    expect(alive(dev)).toEqual([]);
    expect(bystander.pid).toBeDefined();
    expect(existsSync(join(home, 'state/dev.json'))).toBe(false);
    expect(existsSync(join(home, 'state/data/secrets.json'))).toBe(true);
    expect(await command('down', ['--purge'])).toMatchObject({ code: 0 });
    expect(readdirSync(join(home, 'state'))).toEqual(['cache']);
  }, 120_000);
});
