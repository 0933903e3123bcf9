import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { ada, greet } from './test/greeting.js';
import { startTestBus, type TestBus } from './test/test-bus.js';

let bus: TestBus;
let child: ChildProcess;
let output: string;
beforeAll(async () => {
  bus = await startTestBus();
});
afterEach(() => void child.kill('SIGKILL'));
afterAll(() => bus.stop());

/** Runs the service as a process of its own; resolves once its output matches. */
async function run(until: RegExp, env: Record<string, string> = {}): Promise<void> {
  output = '';
  child = spawn(process.execPath, [join(import.meta.dirname, 'test/greeting-main.js')], {
    env: { PATH: process.env['PATH'], ...bus.environmentOf('metrics'), LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await new Promise<void>((resolve) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      if (until.test(output)) resolve();
    };
    child.stdout!.on('data', read);
    child.stderr!.on('data', read);
  });
}
const exitOf = (process: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => process.once('exit', (code) => resolve(code)));

describe('a service process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('answers what is under way on %s and ends with 0', async (signal) => {
    await run(/"msg":"ready"/);
    const { rpc } = await bus.kitOf('gateway');
    const token = await bus.tokensOf('auth').sign(ada, 60_000);
    await expect(rpc.call(greet, { name: 'Ada' }, { token })).resolves.toMatchObject({ greeting: 'Hello Ada' });
    const exit = exitOf(child);
    child.kill(signal);
    child.kill(signal);
    expect(await exit).toBe(0);
    expect(output).toContain('"msg":"stopping"');
  });

  it('ends with 1 and names every bad key when its environment is wrong', async () => {
    await run(/SERVICE_KEYS: /, { SERVICE_KEY: 'x', SERVICE_KEYS: 'x' });
    expect(await exitOf(child)).toBe(1);
    expect(output).toContain('SERVICE_KEY: ');
  });

  it('ends at once on a signal while it waits for a bus', async () => {
    await bus.kill();
    await run(/connecting to nats/);
    const exit = exitOf(child);
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
    await bus.start();
  });

  it('waits for a bus that comes later', async () => {
    await bus.kill();
    const ready = run(/"msg":"ready"/);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(output).not.toContain('ready');
    await bus.start();
    await ready;
  });
});
