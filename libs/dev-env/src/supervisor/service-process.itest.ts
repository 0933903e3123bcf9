import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PortTakenError, assignPorts } from '../processes/ports.js';
import { running } from '../processes/records.js';
import { ServiceProcess } from './service-process.js';

/** Not ready for a moment after its start, then ready; on SIGTERM it says goodbye. */
const WELL = `
const started = Date.now();
const ready = () => Date.now() - started > 150 ? 200 : 503;
const body = JSON.stringify({ pid: process.pid });
require('node:http').createServer((q, r) => r.writeHead(ready()).end(body)).listen(process.env.PORT, '127.0.0.1');
console.log('up as', process.env.MARK);
process.on('SIGTERM', () => { console.log('drained'); process.exit(0); });
`;

describe('a supervised service', () => {
  let dir: string;
  let port: number;
  let service: ServiceProcess;
  const log = (end = '') => readFileSync(join(dir, `service.log${end}`), 'utf8');
  const spec = (main: string, mark = 'one') => {
    writeFileSync(join(dir, 'main.cjs'), main);
    const url = `http://127.0.0.1:${port}`;
    return { args: [join(dir, 'main.cjs')], env: { PORT: String(port), MARK: mark }, url, hash: main + mark };
  };

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'service-'));
    ({ service: port } = await assignPorts(join(dir, 'ports.json'), ['service']));
    const home = { recordsDir: join(dir, 'pids'), logFile: join(dir, 'service.log'), onChange: () => undefined };
    service = new ServiceProcess('service', home);
  });
  afterEach(async () => {
    await service.stop();
    rmSync(dir, { recursive: true });
  });

  it('is ready when it says so, and drains when it is stopped', async () => {
    await service.ensure(spec(WELL));
    await service.whenReady();
    expect(service.status.readyAfterMs).toBeGreaterThanOrEqual(150);
    await service.stop();
    expect(log()).toBe('up as one\ndrained\n');
    expect(service.status).toMatchObject({ state: 'stopped', restarts: 0 });
    expect(running(join(dir, 'pids'), 'service')).toBeUndefined();
  });

  it('is left alone when nothing changed, and replaced when something did', async () => {
    await service.ensure(spec(WELL));
    await service.whenReady();
    const { pid } = service.status;
    expect(await service.ensure(spec(WELL))).toBe(false);
    expect(service.status.pid).toBe(pid);
    expect(await service.ensure(spec(WELL, 'two'))).toBe(true);
    await service.whenReady();
    expect(log()).toBe('up as two\n');
    expect(log('.1')).toBe('up as one\ndrained\n');
  });

  it('comes back after a kill -9, as another process, and counts it', async () => {
    await service.ensure(spec(WELL));
    await service.whenReady();
    const { pid } = service.status;
    await service.kill9();
    await service.whenReady();
    expect(service.status.pid).not.toBe(pid);
    expect(service.status.restarts).toBe(1);
  });

  it('that keeps dying is restarted ever more slowly, and nobody waits for it: its last words are the error', async () => {
    await service.ensure(spec(`console.error('no database'); process.exit(1);`));
    await expect(service.whenReady()).rejects.toThrow(/died 4 times.*service\.log.*no database/s);
    const tries = () => log().split('\n').length - 1;
    const soFar = tries();
    await sleep(300);
    expect(tries()).toBe(soFar);
    await service.stop();
    expect(service.status.state).toBe('stopped');
  });

  it('that was mended during the pause before a restart runs once, not twice', async () => {
    await service.ensure(spec(`console.error('broken'); process.exit(1);`));
    await expect(service.whenReady()).rejects.toThrow(/died/);
    await service.ensure(spec(WELL)); // the next restart is half a second away
    await service.whenReady();
    const { pid } = service.status;
    await sleep(1_000);
    expect(log()).toBe('up as one\n');
    expect(service.status).toMatchObject({ pid, state: 'ready' });
  });

  it('that cannot be started again, as on a full disk, is tried again until it can', async () => {
    await service.ensure(spec(WELL));
    await service.whenReady();
    const before = service.status.restarts;
    rmSync(join(dir, 'service.log'));
    mkdirSync(join(dir, 'service.log')); // no log can be opened there
    await service.kill9();
    while (service.status.restarts < before + 2) await sleep(5);
    rmSync(join(dir, 'service.log'), { recursive: true });
    await service.whenReady();
    expect(log()).toBe('up as one\n');
  });

  it('is not taken for ready because another process answers at its port, and says whose fault it is', async () => {
    const thief = createServer((_, response) => response.end('{"pid":1}')).listen(port, '127.0.0.1');
    await once(thief, 'listening');
    try {
      await service.ensure(spec(WELL));
      await expect(service.whenReady()).rejects.toThrow(PortTakenError);
    } finally {
      thief.closeAllConnections();
      thief.close();
    }
  });
});
