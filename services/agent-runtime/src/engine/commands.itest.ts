import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  events,
  newId,
  runs,
  runtime,
  type RequestInputOf,
  type Run,
  type TaskResults,
  type Wait,
} from '@conclave/contracts';
import { eventually, refusalOf, testPrincipal } from '@conclave/dev-env/testing';
import { keepJournals } from '../testing/keep-journals.js';
import { startRuntimeFixture, type RuntimeFixture } from '../testing/runtime-fixture.js';

const me = testPrincipal();
/** Longer than a command may take inside its turn. */
const LONG = 'sleep 2.5';

/** Processes of this machine whose command line has the mark: the sandbox's and what runs in it. */
const alive = (mark: string): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(mark);
      } catch {
        return false; // it ended meanwhile
      }
    })
    .map(Number);

/** Those that go with one of them are no longer there. */
function kill(mark: string, signal: 'SIGKILL' | 'SIGTERM'): void {
  for (const pid of alive(mark))
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
}

let naps = 0;
/** A sleep that nobody else sleeps, and that ends when the test wakes it. */
const nap = (): string => `sleep 600.${String(++naps).padStart(6, '0')}`;
const wake = (nap: string): void => kill(nap.replace(' ', '\0'), 'SIGTERM');

function on(fixture: () => RuntimeFixture) {
  const waitsOf = async (id: string): Promise<Wait[]> =>
    (await fixture().call(runs.listWaits, { id }, me)).items.sort((a, b) => a.no - b.no);
  const get = (id: string): Promise<Run> => fixture().call(runtime.getRun, { id }, me);
  const start = async (command: string, more: object = {}): Promise<string> =>
    (await fixture().call(runs.createRun, { agent: 'command', input: { command, ...more } }, me)).id;
  /** Resolves when the n-th activation has parked on its command. */
  const parked = (id: string, no = 1): Promise<Wait> =>
    eventually(async () => {
      const wait = (await waitsOf(id)).find((one) => one.no === no);
      if (wait?.kind !== 'command' || wait.state !== 'open') throw new Error(`not parked: ${JSON.stringify(wait)}`);
      return wait;
    });
  const until = (id: string, state: Run['state']): Promise<Run> =>
    eventually(async () => {
      const run = await get(id);
      if (run.state !== state) throw new Error(`${id} is ${run.state}`);
      return run;
    });
  return {
    ...{ waitsOf, get, start, parked, until },
    startNapping: async (more: object = {}): Promise<{ id: string; mark: string }> => {
      const mark = nap();
      return { mark, id: await start(`${mark}; cat /proc/sys/kernel/random/uuid`, more) };
    },
    create: (request: RequestInputOf<typeof runs.createRun>) => fixture().call(runs.createRun, request, me),
    cancel: (id: string) => fixture().call(runtime.cancelRun, { id }, me),
    replay: (id: string) => fixture().call(runs.replayRun, { id }, me),
    resultOf: async (id: string) =>
      ((await fixture().call(runtime.getRunResult, { id }, me)) as TaskResults).result as Record<string, unknown>,
    /** What counts against the last turn of a run. */
    lastTurn: async (id: string) =>
      (
        await fixture().database.query(
          'select slow, lost, failures, last_error from runtime.turn where run_id = $1 order by no desc limit 1',
          [id],
        )
      )[0],
  };
}

describe('a command that outlasts its turn, on one slot', () => {
  let fixture: RuntimeFixture;
  const { start, startNapping, parked, until, get, create, waitsOf, resultOf, replay } = on(() => fixture);
  beforeAll(async () => {
    fixture = await startRuntimeFixture({ WORKER_SLOTS: '1' });
  });
  afterAll(async () => {
    await keepJournals(fixture.database.adminUrl, process.env['KEEP_JOURNALS']);
    await fixture.stop();
  });

  it('holds no slot, keeps other commands from starting, and its end answers its wait', async () => {
    const { id, mark } = await startNapping();
    const next = await start('echo next');
    const wait = await parked(id);
    expect(wait).toMatchObject({ task: 'root', about: { timeoutMs: 600_000 } });
    expect((await get(id)).state).toBe('working');
    expect(await refusalOf(fixture.call(runs.answerRun, { id, answer: 'done' }, me))).toBe('runtime.wait.not-found');
    const quick = await create({ agent: 'compose', input: { value: 1 }, waitMs: 20_000 });
    expect([quick.state, (await get(next)).state, (await waitsOf(id))[0]!.state]).toEqual([
      ...['completed', 'submitted', 'open'],
    ]);
    wake(mark);
    await Promise.all([until(id, 'completed'), until(next, 'completed')]);
    const result = { status: 'exited', exitCode: 0, output: expect.stringMatching(/-/) };
    expect(await resultOf(id)).toMatchObject(result);
    expect(await waitsOf(id)).toMatchObject([{ state: 'answered', answer: { resolution: 'done', result } }]);
    const { items } = await fixture.call(runs.listSteps, { id }, me);
    expect(items).toMatchObject([{ turn: 2, name: 'command', result }]);
    expect(await waitsOf(next)).toEqual([]);
    expect(await replay(id)).toMatchObject({ identical: true, turns: 2, steps: 1 });
  });
});

describe('a command that outlasts its turn', () => {
  let fixture: RuntimeFixture;
  const { start, startNapping, parked, until, waitsOf, resultOf, create, cancel, replay, lastTurn } = on(() => fixture);
  /** Commands that have parked, waited for together. */
  let given: Record<'retry' | 'unsafe', { id: string; mark: string }[]>;
  beforeAll(async () => {
    fixture = await startRuntimeFixture({ WORKER_SLOTS: '24' });
    given = {
      retry: await Promise.all(Array.from({ length: 5 }, () => startNapping())),
      unsafe: await Promise.all([startNapping({ effect: 'unsafe' }), startNapping({ effect: 'unsafe' })]),
    };
    await Promise.all([...given.retry, ...given.unsafe].map(({ id }) => parked(id)));
  });
  afterAll(async () => {
    await keepJournals(fixture.database.adminUrl, process.env['KEEP_JOURNALS']);
    await fixture.stop();
  });

  it('ends as one that does not: by its exit code, by its time, with what it gave', async () => {
    const [bad, late, unsafe] = await Promise.all([
      start(`${LONG}; echo why; exit 3`),
      start('sleep 60', { timeoutMs: 2_500 }),
      start(`${LONG}; echo once`, { effect: 'unsafe' }),
    ]);
    expect((await until(bad, 'failed')).failure).toEqual({ code: 'command.exit', message: 'exit code 3: why' });
    expect((await until(late, 'failed')).failure?.code).toBe('command.timeout');
    await until(unsafe, 'completed');
    expect(await resultOf(unsafe)).toMatchObject({ output: 'once\n' });
    for (const id of [bad, late, unsafe]) expect(await waitsOf(id)).toMatchObject([{ kind: 'command' }]);
    expect(await replay(unsafe)).toMatchObject({ identical: true, turns: 2, steps: 2 });
  });

  it('is killed when its run is canceled', async () => {
    const { id, mark } = given.retry.pop()!;
    expect(alive(mark).length).toBeGreaterThan(0);
    await cancel(id);
    await eventually(() => expect(alive(mark)).toEqual([]));
    expect(await waitsOf(id)).toMatchObject([{ state: 'canceled' }]);
  });

  it('is killed when what its run was started with is distrusted', async () => {
    const [mark, rootCredentialId] = [nap(), newId('apiKey')];
    const request = { agent: 'command' as const, input: { command: `${mark}; echo over` } };
    const { id } = await fixture.call(runs.createRun, request, { ...me, rootCredentialId });
    await eventually(() => expect(alive(mark).length).toBeGreaterThan(0));
    const distrusted = { credential: rootCredentialId };
    (await fixture.eventsOf('auth')).emit(events.credentialDistrusted, me.tenantId, distrusted);
    await eventually(() => expect(alive(mark)).toEqual([]));
    await until(id, 'canceled');
  });

  it('may end while its run is paused, and is heard when it goes on', async () => {
    const { id, mark } = given.retry.pop()!;
    await fixture.call(runs.pauseRun, { id }, me);
    wake(mark);
    await eventually(async () => expect(await waitsOf(id)).toMatchObject([{ state: 'answered' }]));
    await until(id, 'paused');
    await fixture.call(runs.resumeRun, { id }, me);
    await until(id, 'completed');
    expect(await resultOf(id)).toMatchObject({ status: 'exited', exitCode: 0 });
  });

  it('is lost when nobody told its end in time: stopped, and run again, or a person is asked', async () => {
    const [again, asked] = [given.retry.pop()!, given.unsafe.pop()!];
    await fixture.database.query(`update runtime.wait set expires_at = now() where run_id = any($1)`, [
      [again.id, asked.id],
    ]);
    await Promise.all([parked(again.id, 2), until(asked.id, 'input-required')]);
    expect(await waitsOf(again.id)).toMatchObject([{ state: 'expired', answer: { resolution: 'lost' } }, {}]);
    await eventually(() => expect(alive(asked.mark)).toEqual([]));
    await cancel(again.id);
    await fixture.call(runs.answerRun, { id: asked.id, answer: { resolution: 'retry' } }, me);
    await parked(asked.id, 3);
    await cancel(asked.id);
  });

  it('is run again when it is killed from outside, and that counts', async () => {
    const { id, mark } = given.retry.pop()!;
    kill(mark, 'SIGKILL');
    await parked(id, 2);
    expect(await lastTurn(id)).toMatchObject({
      ...{ slow: true, lost: 0, failures: 1, last_error: 'the command was killed from outside' },
    });
    await cancel(id);
  });

  it('is run again in a fork from where it was under way', async () => {
    const [mark, key] = [nap(), newId('event')];
    const { id } = await create({
      tasks: [
        { id: 'sh', agent: 'command', input: { command: mark } },
        { id: 'later', agent: 'event', input: { key } },
        { id: 'q', agent: 'human', input: { question: '?' }, dependsOn: ['later'] },
      ],
    });
    await eventually(async () => expect(await waitsOf(id)).toMatchObject([{}, {}, { task: 'sh', kind: 'command' }]));
    await fixture.call(runs.sendEvent, { key, data: 1 }, me);
    await until(id, 'input-required');
    const step = (await fixture.call(runs.listSteps, { id }, me)).items.find(({ task }) => task === 'q')!;
    const forked = await fixture.call(runs.forkRun, { id, step: step.pos }, me);
    await parked(forked.id, 2);
    await Promise.all([cancel(id), cancel(forked.id)]);
    await eventually(() => expect(alive(mark)).toEqual([]));
  });

  it('is handed over when its worker stops, and nothing counts: run again, or a person is asked', async () => {
    const [again, asked] = [given.retry.pop()!, given.unsafe.pop()!];
    await fixture.restart();
    await Promise.all([parked(again.id, 2), until(asked.id, 'input-required')]);
    expect(alive(asked.mark)).toEqual([]);
    expect(await lastTurn(again.id)).toMatchObject({ slow: true, lost: 0, failures: 0 });
    await Promise.all([cancel(again.id), cancel(asked.id)]);
  });
});

describe('a command whose worker is gone', () => {
  let fixture: RuntimeFixture;
  const workers: ChildProcess[] = [];
  const { start, startNapping, parked, until, waitsOf, resultOf, cancel, replay, lastTurn } = on(() => fixture);
  beforeAll(async () => {
    fixture = await startRuntimeFixture({ ROLES: 'api,control', WORKER_LEASE_MS: '2000' });
  });
  afterAll(async () => {
    for (const worker of workers) worker.kill('SIGKILL');
    await keepJournals(fixture.database.adminUrl, process.env['KEEP_JOURNALS']);
    await fixture.stop();
  });

  const startWorker = (): ChildProcess => {
    const worker = spawn(process.execPath, [join(import.meta.dirname, '../main.js')], {
      env: { ...process.env, ...fixture.environment, ROLES: 'worker' },
      stdio: 'ignore',
    });
    workers.push(worker);
    return worker;
  };

  it('worker told to end with a turn under way: another one has it within a second, and nothing counts', async () => {
    const enlisted = (ids: number) =>
      eventually(async () => {
        const rows = await fixture.database.query<{ id: string }>('select id from runtime.worker');
        expect(rows).toHaveLength(ids);
        return rows.map((row) => row.id);
      });
    const first = startWorker();
    const [firstId] = await enlisted(1);
    const second = startWorker();
    await enlisted(2);
    const { id, mark } = await startNapping();
    const turn = async () => {
      const [row] = await fixture.database.query<{ owner: string; claimedAt: number; lost: number; failures: number }>(
        `select lease_owner as owner, epoch::float8 / 1000 as "claimedAt", lost, failures from runtime.turn
         where run_id = $1 and no = 1 and epoch > 0`,
        [id],
      );
      return row!;
    };
    await eventually(() => expect(alive(mark)).not.toEqual([]));
    const { owner } = await turn();
    const [ending, other] = owner === firstId ? [first, second] : [second, first];
    const exit = once(ending, 'exit');
    const toldAt = Date.now();
    ending.kill('SIGTERM');
    const next = await eventually(async () => {
      const now = await turn();
      expect(now.claimedAt).toBeGreaterThan(toldAt);
      return now;
    });
    expect(next).toMatchObject({ lost: 0, failures: 0 });
    expect(next.claimedAt - toldAt).toBeLessThan(1_000);
    expect(await exit).toEqual([0, null]);
    await cancel(id);
    const gone = once(other, 'exit');
    other.kill('SIGTERM');
    await gone;
  });

  it('worker killed while a long command runs: it is run again, on its files as they were sent, or a person is asked', async () => {
    const worker = startWorker();
    const mark = nap();
    const id = await start(`ls; touch left-behind; ${mark}; cat sent`, { files: { sent: 'as it was sent\n' } });
    const [again, asked] = [{ id, mark }, await startNapping({ effect: 'unsafe' })];
    await Promise.all([parked(again.id), parked(asked.id)]);
    worker.kill('SIGKILL');
    await eventually(() => expect([...alive(again.mark), ...alive(asked.mark)]).toEqual([]));
    startWorker();
    await Promise.all([parked(again.id, 2), until(asked.id, 'input-required')]);
    expect(await lastTurn(again.id)).toMatchObject({ slow: true, lost: 1, failures: 0 });
    expect((await waitsOf(asked.id)).at(-1)).toMatchObject({ no: 2, kind: 'effect', about: { effect: 'command' } });
    await fixture.call(runs.answerRun, { id: asked.id, answer: { resolution: 'done', result: 'by hand' } }, me);
    wake(mark);
    await Promise.all([until(again.id, 'completed'), until(asked.id, 'completed')]);
    const { output } = await resultOf(again.id);
    expect(output).toMatch(/^sent\n[^]*as it was sent\n$/);
    expect(await replay(asked.id)).toMatchObject({ identical: true, turns: 3, steps: 2 });
  });

  it('worker frozen while a long command runs: what it says when it thaws comes too late', async () => {
    const { id, mark } = await startNapping();
    await parked(id);
    const frozen = workers.at(-1)!;
    startWorker();
    frozen.kill('SIGSTOP');
    // Not asked over the bus: the frozen one would be asked, too.
    const again = `select from runtime.wait where run_id = $1 and no = 2 and state = 'open'`;
    await eventually(async () => expect(await fixture.database.query(again, [id])).toHaveLength(1));
    wake(mark); // both of them
    frozen.kill('SIGCONT');
    await until(id, 'completed');
    const { output } = await resultOf(id);
    expect(await waitsOf(id)).toMatchObject([
      { no: 1, answer: { resolution: 'lost' } },
      { no: 2, answer: { resolution: 'done', result: { output } } },
    ]);
  });
});
