/** The golden run in processes of its own, which really die; golden-turn.itest.ts does the same in one process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '@conclave/dev-env/testing';
import { actor, openEngineWorld, type EngineWorld } from '../testing/engine-world.js';
import { ENDS, deaths, timesDone, type Death } from '../testing/golden-agent.js';
import type { GoldenOptions } from '../testing/golden-process.js';
import type { PostgresWorkers } from './postgres-workers.js';

let world: EngineWorld;
let reaper: PostgresWorkers;
let logs: string;
let born = 0;
beforeAll(async () => {
  world = await openEngineWorld();
  reaper = await world.join('wrk_reaper');
  logs = mkdtempSync(join(tmpdir(), 'golden-'));
  await sleep(1_500); // after which a free lock tells it of a death
});
afterAll(async () => {
  await world.close();
  rmSync(logs, { recursive: true });
});

/** Lets a process work on the run until it has ended or the process has died. */
async function live(options: Pick<GoldenOptions, 'run' | 'tenantId' | 'death' | 'logFile'>): Promise<unknown> {
  const environment = world.test.environmentOf('runtime');
  const all: GoldenOptions = { ...options, environment, worker: `wrk_golden_${++born}` };
  const program = join(import.meta.dirname, '../testing/golden-process.js');
  const child = spawn(process.execPath, [program, JSON.stringify(all)], { stdio: ['ignore', 'inherit', 'inherit'] });
  return (await once(child, 'exit'))[1] ?? (child.exitCode === 0 ? 'ended' : child.exitCode);
}

async function play(death?: Death) {
  const ctx = actor();
  const run = await world.create(ctx);
  const logFile = join(logs, run);
  const options = { run, tenantId: ctx.tenantId, logFile };
  if (death) {
    expect(await live({ ...options, death })).toBe('SIGKILL');
    // Its lock is freed when Postgres has seen its connection closed.
    await eventually(async () => {
      await reaper.reap('wrk_reaper');
      expect(await world.test.query(`select from runtime.worker where id like 'wrk\\_golden%'`)).toEqual([]);
    });
  }
  if ((await world.stateOf(run)) !== 'completed') expect(await live(options)).toBe('ended');
  const done = readFileSync(logFile, 'utf8').trim().split('\n').map(Number);
  const times = new Map([...Map.groupBy(done, (step) => step)].map(([step, all]) => [step, all.length]));
  const journal = await world.test.query('select no, name, result from runtime.step where run_id = $1 order by pos', [
    run,
  ]);
  const story = await world.test.query(
    `select type, data from runtime.run_event where run_id = $1 and type <> 'turn.reset' order by seq`,
    [run],
  );
  const turns = await world.test.query('select no, state from runtime.turn where run_id = $1 order by no', [run]);
  const [ended] = await world.test.query('select state, result from runtime.run where id = $1', [run]);
  return { times, journal, story, turns, ended };
}

it('a process that kills itself at any place of the golden run leaves the same journal, story and result', async () => {
  const golden = await play();
  expect(golden).toMatchObject({ times: timesDone(), ended: { state: 'completed', result: { sum: 36 } } });
  const asItEnds = ENDS.flatMap((step) =>
    Array.from({ length: 5 }, () => ({ step, when: 'as the turn ends' }) as const),
  );
  for (const death of [...deaths, ...asItEnds])
    expect({ death, ...(await play(death)) }).toEqual({ ...golden, death, times: timesDone(death) });
}, 600_000);
