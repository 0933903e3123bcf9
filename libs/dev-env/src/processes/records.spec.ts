import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { processIdentity } from '../../bin/identity.mjs';
import { end, isAlive, record, recorded, running, type ProcessRecord } from './records.js';

/** A process that says when it is there; with `ignore` it outlasts a SIGTERM. */
async function sleeper(ignore = ''): Promise<number> {
  const script = `process.on('${ignore || 'SIGUSR2'}', () => undefined); console.log('up'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  return child.pid ?? 0;
}

describe('process records', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'records-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const entry = (name: string) => recorded(dir).find((found) => found.name === name)!;

  it('know a process again and end it', async () => {
    record(dir, 'mine', await sleeper());
    expect(running(dir, 'mine')).toEqual(entry('mine'));
    expect(await end(dir, entry('mine'), 'SIGTERM', 5_000)).toBe(true);
    expect(running(dir, 'mine')).toBeUndefined();
    expect(recorded(dir)).toEqual([]);
  });

  it('never touch a stranger who was given a recorded pid', async () => {
    const pid = await sleeper();
    record(dir, 'mine', pid);
    const stale: ProcessRecord = { ...entry('mine'), identity: 'an earlier start' };
    writeFileSync(join(dir, 'mine.json'), JSON.stringify(stale));
    expect(isAlive(stale)).toBe(false);
    expect(await end(dir, stale, 'SIGKILL', 0)).toBe(false);
    expect(processIdentity(pid)).toBeDefined();
    process.kill(pid, 'SIGKILL');
  });

  it('end a process that ignores the first signal', async () => {
    const pid = await sleeper('SIGTERM');
    record(dir, 'stubborn', pid);
    await end(dir, entry('stubborn'), 'SIGTERM', 200);
    expect(processIdentity(pid)).toBeUndefined();
  });

  it('that a power cut left empty or torn are no records', () => {
    for (const [name, text] of Object.entries({ empty: '', torn: '{"name":"torn","pi' }))
      writeFileSync(join(dir, `${name}.json`), text);
    record(dir, 'mine', process.pid);
    expect(recorded(dir).map(({ name }) => name)).toEqual(['mine']);
  });

  it('take a zombie for ended, although its pid still answers', async () => {
    const script = `exec 2>&1; sleep 0.01 & echo $!; exec sleep 30`;
    const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [printed] = (await once(parent.stdout, 'data')) as [Buffer];
    const zombie = Number(printed.toString());
    while (!/^State:\s+Z/m.test(readFileSync(`/proc/${zombie}/status`, 'utf8')))
      await new Promise((later) => setTimeout(later, 5));
    expect(process.kill(zombie, 0)).toBe(true);
    expect(processIdentity(zombie)).toBeUndefined();
    parent.kill('SIGKILL');
  });
});
