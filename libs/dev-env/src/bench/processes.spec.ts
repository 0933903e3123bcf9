import { spawn } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { cpuSecondsOf, memoryOf, parseRollup, processesOf } from './processes.js';

const onLinux = process.platform === 'linux' ? it : it.skip;

describe('a process', () => {
  it('has the memory that its rollup says', () => {
    const text = 'Rss:  900 kB\nPss:  500 kB\nPss_Dirty: 1 kB\nPrivate_Clean:  100 kB\nPrivate_Dirty:  200 kB\n';
    expect(parseRollup(text)).toEqual({ pss: 500 * 1024, private: 300 * 1024, shared: 600 * 1024 });
  });

  onLinux('uses memory and time that can be read', () => {
    const before = cpuSecondsOf(process.pid);
    for (const end = performance.now() + 60; performance.now() < end;);
    expect(cpuSecondsOf(process.pid)).toBeGreaterThan(before);
    const { pss, private: own } = memoryOf(process.pid);
    expect(pss).toBeGreaterThanOrEqual(own);
    expect(own).toBeGreaterThan(1e6);
  });

  onLinux('is one with what it started', async () => {
    const before = processesOf(process.pid);
    const child = spawn('sleep', ['60']);
    expect(processesOf(process.pid)).toBe(before + 1);
    child.kill();
    await new Promise((ended) => child.once('exit', ended));
    expect(processesOf(process.pid)).toBe(before);
  });
});
