import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { composeStore, composeWorks, endContainers } from './compose-store.js';
import { locate } from './locate.js';
import { answers } from './probe.js';

/** Stands in for the engine: reads the compose file it is given and runs the program on the host instead. */
const engine = (redisServer: string) => `#!${process.execPath}
const { spawn } = require('node:child_process');
const { appendFileSync, readFileSync, writeFileSync } = require('node:fs');
const words = process.argv.slice(2);
appendFileSync(__dirname + '/said', words.join(' ') + '\\n');
const pidFile = __dirname + '/pid';
if (words.includes('up')) {
  const { services } = JSON.parse(readFileSync(words[words.indexOf('-f') + 1], 'utf8'));
  const [, port] = services.redis.ports[0].split(':');
  const args = [...services.redis.command.slice(1), '--port', port, '--bind', '127.0.0.1'];
  const child = spawn('${redisServer}', args, { detached: true, stdio: 'ignore' });
  writeFileSync(pidFile, String(child.pid));
  child.unref();
} else if (['stop', 'kill', 'down'].some((word) => words.includes(word))) {
  try { process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL'); } catch {}
}
`;

describe('a store in a container', () => {
  let dir: string;
  const outer = { ...process.env };
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'compose-'));
    mkdirSync(join(dir, 'bin'));
    const redis = await locate('redis');
    writeFileSync(join(dir, 'bin/docker'), engine(redis?.programs[0] ?? ''), { mode: 0o755 });
    process.env['PATH'] = `${join(dir, 'bin')}:${outer['PATH']}`;
  });
  afterAll(() => {
    process.env['PATH'] = outer['PATH'];
    rmSync(dir, { recursive: true });
  });

  it('is reached at the published address with its password, survives a kill and is removed at the end', async () => {
    expect(await composeWorks()).toBe(true);
    const dataDir = join(dir, 'data');
    const store = composeStore('redis', { dataDir, logDir: dir, passwords: { postgres: 'p', redis: 'r' } });
    const isThere = () => answers(Number(new URL(store.url).port), 'AUTH r\r\nPING\r\n', /\+OK\r\n\+PONG/);
    await store.start();
    const { url } = store;
    expect(await isThere()).toBe(true);
    await store.kill9();
    expect(await isThere()).toBe(false);
    await store.start();
    expect(store.url).toBe(url);
    expect(await isThere()).toBe(true);
    await endContainers(dataDir, 'remove');
    expect(await isThere()).toBe(false);
    const said = readFileSync(join(dir, 'bin/said'), 'utf8');
    expect(said).toMatch(/compose -p conclave-[0-9a-f]{12} -f \S+compose\.redis\.json down -v\n$/);
    expect(existsSync(join(dataDir, 'compose.redis.json'))).toBe(true);
  });
});
