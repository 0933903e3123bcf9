import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { assignPorts } from '../processes/ports.js';
import { running } from '../processes/records.js';
import { ServiceProcess } from './service-process.js';

/** Not ready for a moment after its start, then ready; on SIGTERM it says goodbye. */
const WELL = `
const started = Date.now();
const ready = () => Date.now() - started > 150 ? 200 : 503;
require('node:http').createServer((q, r) => r.writeHead(ready()).end()).listen(process.env.PORT, '127.0.0.1');
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
    return { args: [join(dir, 'main.cjs')], env: { PORT: String(port), MARK: mark }, hash: main + mark };
  };

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'service-'));
    ({ service: port } = await assignPorts(join(dir, 'ports.json'), ['service']));
    const home = { recordsDir: join(dir, 'pids'), logFile: join(dir, 'service.log'), onChange: () => undefined };
    service = new ServiceProcess('service', `http://127.0.0.1:${port}`, home);
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
});
