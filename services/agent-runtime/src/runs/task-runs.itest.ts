import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  events,
  newId,
  runs,
  runtime,
  type ConclaveError,
  type RequestInputOf,
  type Run,
  type TaskResults,
} from '@conclave/contracts';
import { eventually, refusalOf, testPrincipal, type CallAs, type TestPrincipal } from '@conclave/dev-env/testing';
import { Database } from '@conclave/postgres-kit';
import { expireWaits } from '../engine/postgres-waits.js';
import { keepJournals } from '../testing/keep-journals.js';
import { startRuntimeFixture, type RuntimeFixture } from '../testing/runtime-fixture.js';
import { StartRun } from './start-run.js';

type Create = RequestInputOf<typeof runs.createRun>;
type Task = NonNullable<Create['tasks']>[number];

const WAIT_MS = 20_000;

describe('runs of tasks', () => {
  const me = testPrincipal();
  let fixture: RuntimeFixture;

  beforeAll(async () => {
    fixture = await startRuntimeFixture({ WORKER_SLOTS: '16' });
  });
  afterAll(async () => {
    await keepJournals(fixture.database.adminUrl, process.env['KEEP_JOURNALS']);
    await fixture.stop();
  });

  const create = (request: Create, as: TestPrincipal | CallAs = me): Promise<Run> =>
    fixture.call(runs.createRun, request, as);
  const graph = (tasks: Task[], more: object = {}): Promise<Run> => create({ tasks, waitMs: WAIT_MS, ...more });
  const get = (id: string): Promise<Run> => fixture.call(runtime.getRun, { id }, me);
  const resultOf = async (id: string): Promise<unknown> =>
    ((await fixture.call(runtime.getRunResult, { id }, me)) as TaskResults).result;
  const answer = (id: string, answer: unknown, task?: string) =>
    fixture.call(runs.answerRun, { id, answer: answer as never, ...(task && { task }) }, me);
  const until = async (id: string, state: Run['state']): Promise<Run> => {
    for (const from = Date.now(); ;) {
      const run = await get(id);
      if (run.state === state) return run;
      if (Date.now() - from > WAIT_MS) throw new Error(`${id} is ${run.state} and not ${state}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const ask = (question: string, more: object = {}): Create => ({ agent: 'human', input: { question, ...more } });
  const storyOf = (id: string): Promise<string[]> =>
    fixture.database
      .query<{ type: string }>('select type from runtime.run_event where run_id = $1 order by seq', [id])
      .then((rows) => rows.map(({ type }) => type));

  it('does one task and answers with its end', async () => {
    const run = await create({ agent: 'compose', input: { value: { n: 1 } }, title: 'one', waitMs: WAIT_MS });
    expect(run).toMatchObject({ kind: 'agent', title: 'one', state: 'completed', priority: 'normal' });
    expect(await resultOf(run.id)).toEqual({ n: 1 });
    expect(await storyOf(run.id)).toEqual(['run.created', 'run.started', 'run.completed']);
  });

  it('does a graph in the order of its dependencies, and hands results on', async () => {
    const run = await graph([
      { id: 'a', agent: 'compose', input: { value: { n: [1, 2] } } },
      { id: 'b', agent: 'timer', input: { delayMs: 10 } },
      {
        id: 'c',
        agent: 'compose',
        input: { value: { second: { $from: 'a', path: '/n/1' }, all: { $from: 'b' } } },
        dependsOn: ['a', 'b'],
      },
    ]);
    expect(run).toMatchObject({ kind: 'tasks', state: 'completed' });
    expect(await resultOf(run.id)).toEqual({ second: 2, all: { elapsed: true } });
    const { items } = await fixture.call(runs.listTasks, { id: run.id }, me);
    expect(items.map(({ id, state, dependsOn }) => [id, state, dependsOn])).toEqual([
      ['a', 'done', []],
      ['b', 'done', []],
      ['c', 'done', ['a', 'b']],
      ['root', 'done', []],
    ]);
    const page = await fixture.call(runs.listTasks, { id: run.id, limit: 3 }, me);
    expect(page.next).toBe('c');
  });

  it('fails a graph at its first failed task and leaves nothing of it going on', async () => {
    const run = await graph([
      { id: 'bad', agent: 'compose', input: { value: { $from: 'ok', path: '/nowhere' } }, dependsOn: ['ok'] },
      { id: 'ok', agent: 'compose', input: { value: {} } },
      { id: 'asks', agent: 'human', input: { question: 'still there?' } },
    ]);
    expect(run).toMatchObject({
      state: 'failed',
      failure: { code: 'task.failed', message: expect.stringMatching(/^task bad failed: input\.reference: ./) },
    });
    expect(await refusalOf(answer(run.id, 'yes', 'asks'))).toBe('runtime.wait.closed');
    expect(await refusalOf(resultOf(run.id))).toBe('runtime.run.without-result');
  });

  it('runs a command in its sandbox, and starts runs of its own', async () => {
    const child: Task[] = [
      { id: 'sh', agent: 'command', input: { command: 'cat a/b; pwd >&2', files: { 'a/b': 'hello ' } } },
    ];
    const run = await graph([{ id: 'kid', agent: 'run', input: { title: 'the child', tasks: child as never } }]);
    expect(run.state).toBe('completed');
    expect(await resultOf(run.id)).toMatchObject({ exitCode: 0, output: expect.stringContaining('hello ') });
    const { items } = await fixture.call(runtime.listRuns, { limit: 100 }, me);
    const [first, second] = items;
    expect([first, second].find((one) => one!.parent === run.id)).toMatchObject({
      title: 'the child',
      state: 'completed',
    });
    const ran = (command: string, more = {}) => graph([{ id: 'sh', agent: 'command', input: { command, ...more } }]);
    expect((await ran('echo no; exit 3')).failure!.message).toBe('task sh failed: command.exit: exit code 3: no');
    expect((await ran('exit 3')).failure!.message).toBe('task sh failed: command.exit: exit code 3');
    expect((await ran('sleep 9', { timeoutMs: 200 })).failure!.message).toBe(
      'task sh failed: command.timeout: it did not end within 200 ms',
    );
    expect(await resultOf((await ran('yes | head -c 40000')).id)).toMatchObject({ exitCode: 0, truncated: true });
  });

  it('lets the tasks of a child refer to each other, and to what they get from outside', async () => {
    const child: Task[] = [
      { id: 'a', agent: 'compose', input: { value: { $from: 'outer' } } },
      { id: 'b', agent: 'compose', input: { value: [{ $from: 'a' }, 2] }, dependsOn: ['a'] },
    ];
    const run = await graph([
      { id: 'outer', agent: 'compose', input: { value: 1 } },
      { id: 'kid', agent: 'run', input: { tasks: child as never }, dependsOn: ['outer'] },
    ]);
    expect(await resultOf(run.id)).toEqual([1, 2]);
  });

  it('fails what would give more than can be told, and tells in pages what is much', async () => {
    const a: Task = { id: 'a', agent: 'compose', input: { value: 'x'.repeat(400_000) } };
    const from = { $from: 'a' };
    const same = (id: string, value: unknown): Task => ({
      ...{ id, agent: 'compose', dependsOn: ['a'] },
      input: { value: value as never },
    });
    const deep = await graph([a, same('b', [from, from])]);
    const { items } = await fixture.call(runs.listTasks, { id: deep.id, limit: 100 }, me);
    expect(items.find(({ id }) => id === 'b')).toMatchObject({ state: 'failed', result: { code: 'result.too-large' } });
    const wide = await graph([a, same('b', from), same('c', from)]);
    expect(wide).toMatchObject({ state: 'failed', failure: { code: 'result.too-large' } });
    const page = await fixture.call(runs.listTasks, { id: wide.id, limit: 100 }, me);
    expect(page).toMatchObject({ items: [{ id: 'a' }, { id: 'b' }], next: 'b' });
  });

  it('refuses a child whose tasks are none, and stops children that start children for ever', async () => {
    const bad = await graph([{ id: 'kid', agent: 'run', input: { tasks: [{ id: 'x' }] } }]);
    expect(bad.state).toBe('failed');
    const nest = (depth: number): Task =>
      depth === 0
        ? { id: 'leaf', agent: 'compose', input: { value: 1 } }
        : { id: 'kid', agent: 'run', input: { tasks: [nest(depth - 1)] as never } };
    expect((await graph([nest(5)])).state).toBe('completed');
    expect((await graph([nest(9)])).state).toBe('failed');
  });

  describe('a question to a person', () => {
    it('parks the run until one answers; whoever comes later is told so', async () => {
      const { id } = await create(
        ask('Deploy?', {
          options: [
            { id: 'yes', title: 'Yes' },
            { id: 'no', title: 'No' },
            { id: 'trigger', title: 'A word like any other here' },
          ],
        }),
      );
      await until(id, 'input-required');
      expect(await refusalOf(resultOf(id))).toBe('runtime.run.no-result');
      const twice = [1, 2].map(() => ({ id: 'yes', title: 'Yes' }));
      const unfit = { options: [...twice, { id: 'no', title: 'No' }], default: 'perhaps' };
      expect(await refusalOf(create(ask('Which?', unfit)))).toBe('request.invalid');
      const { items } = await fixture.call(runs.listWaits, { id }, me);
      expect(items).toMatchObject([{ task: 'root', kind: 'human', state: 'open', about: { question: 'Deploy?' } }]);
      expect(await refusalOf(answer(id, 'maybe'))).toBe('runtime.answer.unfit');
      const said = await Promise.allSettled([answer(id, 'yes'), answer(id, 'no'), answer(id, 'yes')]);
      expect(said.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      await until(id, 'completed');
      expect(['yes', 'no']).toContain(await resultOf(id));
      expect(await refusalOf(answer(id, 'no'))).toBe('runtime.wait.closed');
    });

    it('takes its default when the time is over, and fails without one', async () => {
      const kept = await create({ ...ask('?', { expiresInMs: 100, default: 'as before' }), waitMs: WAIT_MS });
      expect(await resultOf(kept.id)).toBe('as before');
      const lost = await create({ ...ask('?', { expiresInMs: 100 }), waitMs: WAIT_MS });
      expect(lost).toMatchObject({ state: 'failed', failure: { code: 'human.expired' } });
      expect(await refusalOf(answer(lost.id, 'late'))).toBe('runtime.wait.closed');
    });

    it('has one winner when a word meets the end of its time, and tells the loser', async () => {
      const db = fixture.service.app.get(Database);
      const question = ask('?', { expiresInMs: 60_000, default: 'as before' });
      const ids = (await Promise.all(Array.from({ length: 50 }, () => create(question)))).map(({ id }) => id);
      const waits = (what: string) =>
        fixture.database.query<{ run: string; ends: string; turns: number }>(
          `select w.run_id as run, w.state || ' ' || coalesce(r.result #>> '{}', '') as ends,
             (select count(*) from runtime.turn t where t.run_id = r.id)::int as turns
           from runtime.wait w join runtime.run r on r.id = w.run_id where w.run_id = any($1) and ${what}`,
          [ids],
        );
      await eventually(async () => expect(await waits(`w.state = 'open'`)).toHaveLength(50));
      const timeIsOver = async (id: string): Promise<void> => {
        await fixture.database.query('update runtime.wait set expires_at = clock_timestamp() where run_id = $1', [id]);
        await expireWaits(db);
      };
      const heard = await Promise.all(
        ids.map(async (id) => {
          const [word] = await Promise.allSettled([answer(id, 'the word'), timeIsOver(id)]);
          if (word.status === 'rejected') expect((word.reason as ConclaveError).code).toBe('runtime.wait.closed');
          return [id, word.status === 'fulfilled' ? 'answered the word' : 'expired as before'] as const;
        }),
      );
      await Promise.all(ids.map((id) => until(id, 'completed')));
      const ends = await waits('true');
      expect(new Map(ends.map(({ run, ends }) => [run, ends]))).toEqual(new Map(heard));
      expect(ends.map(({ turns }) => turns)).toEqual(ids.map(() => 2));
    });

    it('wants the task’s name when there are more, and knows when there is none', async () => {
      const tasks: Task[] = ['a', 'b'].map((id) => ({ id, agent: 'human', input: { question: id } }));
      const { id } = await create({ tasks });
      while ((await fixture.call(runs.listWaits, { id }, me)).items.length < 3) await new Promise(setImmediate);
      expect(await refusalOf(answer(id, 1))).toBe('runtime.wait.ambiguous');
      await answer(id, 1, 'b');
      await answer(id, { x: null });
      await until(id, 'completed');
      expect(await resultOf(id)).toEqual({ a: { x: null }, b: 1 });
      const done = await create({ agent: 'compose', input: { value: 1 }, waitMs: WAIT_MS });
      expect(await refusalOf(answer(done.id, 1))).toBe('runtime.wait.not-found');
      expect(await refusalOf(answer(id, 'x'.repeat(300_000), 'a'))).toBe('request.too-large');
    });
  });

  it('wakes what waits for an event of its workspace, and nobody else', async () => {
    const wait: Create = { agent: 'event', input: { key: 'built', expiresInMs: 60_000 } };
    const [first, second] = [await create(wait), await create(wait)];
    const other = await create(wait, testPrincipal());
    const parked = async (): Promise<boolean> => {
      const rows = await fixture.database.query(`select from runtime.wait where state = 'open' and run_id = any($1)`, [
        [first.id, second.id, other.id],
      ]);
      return rows.length === 3;
    };
    while (!(await parked())) await new Promise(setImmediate);
    expect(await fixture.call(runs.sendEvent, { key: 'built', data: { ok: true } }, me)).toEqual({ answered: 2 });
    await until(first.id, 'completed');
    expect(await resultOf(first.id)).toEqual({ ok: true });
    expect(await fixture.call(runs.sendEvent, { key: 'built', data: 1 }, me)).toEqual({ answered: 0 });
  });

  it('pauses, takes an answer meanwhile, and goes on when it is resumed', async () => {
    const { id } = await create(ask('?'));
    await until(id, 'input-required');
    const pause = () => fixture.call(runs.pauseRun, { id, reason: 'lunch' }, me);
    expect(await refusalOf(fixture.call(runs.resumeRun, { id }, me))).toBe('runtime.run.not-paused');
    expect((await pause()).state).toBe('paused');
    expect((await pause()).state).toBe('paused');
    await answer(id, 'eaten');
    expect((await get(id)).state).toBe('paused');
    await fixture.call(runs.resumeRun, { id }, me);
    await until(id, 'completed');
    expect(await resultOf(id)).toBe('eaten');
    expect(await refusalOf(pause())).toBe('runtime.run.finished');
    expect(await refusalOf(fixture.call(runs.resumeRun, { id }, me))).toBe('runtime.run.finished');
    expect(await refusalOf(fixture.call(runs.steerRun, { id, message: 'faster' }, me))).toBe('runtime.run.finished');
    expect(await storyOf(id)).toEqual(
      expect.arrayContaining(['run.paused', 'task.answered', 'run.resumed', 'run.completed']),
    );
  });

  it('numbers what people say to a run, whoever says it at the same time', async () => {
    const { id } = await create(ask('?'));
    const said = await Promise.all(
      [1, 2, 3, 4].map((n) => fixture.call(runs.steerRun, { id, message: `hint ${n}` }, me)),
    );
    expect(said.map(({ no }) => no).sort()).toEqual([1, 2, 3, 4]);
    await fixture.database.query(
      `insert into runtime.run_message (tenant_id, run_id, no, actor, text) values ($1, $2, 1000, 'prn', 'the last')`,
      [me.tenantId, id],
    );
    const more = fixture.call(runs.steerRun, { id, message: 'and another thing' }, me);
    expect(await refusalOf(more)).toBe('runtime.run.too-many-messages');
  });

  it('cancels a parked graph with all its children', async () => {
    const tasks: Task[] = [{ id: 'asks', agent: 'human', input: { question: '?' } }];
    const { id } = await create({ tasks: [{ id: 'kid', agent: 'run', input: { tasks: tasks as never } }] });
    const child = async (): Promise<Run | undefined> =>
      (await fixture.call(runtime.listRuns, { limit: 100 }, me)).items.find((run) => run.parent === id);
    while ((await child())?.state !== 'input-required') await new Promise(setImmediate);
    await fixture.call(runtime.cancelRun, { id }, me);
    expect([(await get(id)).state, (await child())?.state]).toEqual(['canceled', 'canceled']);
  });

  describe('a fork', () => {
    const stepsOf = async (id: string) => (await fixture.call(runs.listSteps, { id, limit: 100 }, me)).items;
    const fork = (id: string, step: number) => fixture.call(runs.forkRun, { id, step }, me);

    it('has what came before the step, and asks again what was asked after it', async () => {
      const tasks: Task[] = [
        { id: 'a', agent: 'human', input: { question: 'first?' } },
        { id: 'b', agent: 'human', input: { question: 'second?' }, dependsOn: ['a'] },
      ];
      const { id } = await create({ tasks });
      await until(id, 'input-required');
      await answer(id, 1, 'a');
      const asked = async () => (await fixture.call(runs.listWaits, { id }, me)).items.map(({ task }) => task);
      while (!(await asked()).includes('b')) await new Promise(setImmediate);
      await answer(id, 2, 'b');
      await until(id, 'completed');
      const second = (await stepsOf(id)).find(({ task }) => task === 'b')!;
      const forked = await fork(id, second.pos);
      expect(forked).toMatchObject({ forkedFrom: id });
      await until(forked.id, 'input-required');
      const waits = (await fixture.call(runs.listWaits, { id: forked.id }, me)).items;
      expect(waits.map(({ task, state }) => [task, state])).toEqual(
        expect.arrayContaining([
          ['a', 'answered'],
          ['b', 'open'],
        ]),
      );
      await answer(forked.id, 3);
      await until(forked.id, 'completed');
      expect([await resultOf(id), await resultOf(forked.id)]).toEqual([2, 3]);
      const first = (await stepsOf(id))[0]!;
      const whole = await fork(id, first.pos);
      await until(whole.id, 'input-required');
      await answer(whole.id, 4, 'a');
    });

    it('is refused of a step there is not, and of a run there is not', async () => {
      const { id } = await create(ask('?'));
      expect(await refusalOf(fork(id, 1))).toBe('runtime.step.not-found');
      expect(await refusalOf(fork(newId('run'), 1))).toBe('runtime.run.not-found');
    });
  });

  describe('a replay', () => {
    const replay = (id: string) => fixture.call(runs.replayRun, { id }, me);

    it('is identical for whatever the journal holds', async () => {
      const { id } = await create({
        tasks: [
          { id: 'q', agent: 'human', input: { question: '?', expiresInMs: 100, default: { n: [1] } } },
          { id: 'c', agent: 'compose', input: { value: { $from: 'q', path: '/n' } }, dependsOn: ['q'] },
          { id: 's', agent: 'command', input: { command: 'date +%N', effect: 'unsafe' }, dependsOn: ['c'] },
          { id: 't', agent: 'timer', input: { delayMs: 5 }, dependsOn: ['s'] },
          { id: 'r', agent: 'run', input: { tasks: [{ id: 'x', agent: 'compose', input: { value: 1 } }] as never } },
        ],
        waitMs: WAIT_MS,
      });
      expect((await get(id)).state).toBe('completed');
      expect(await replay(id)).toMatchObject({ run: id, identical: true, turns: 10, steps: 4 });
    });

    it('says where something else would be done today', async () => {
      const { id } = await create({ ...ask('?', { expiresInMs: 100, default: 'x' }), waitMs: WAIT_MS });
      await fixture.database.query(`update runtime.task set result = '"y"' where run_id = $1`, [id]);
      expect(await replay(id)).toMatchObject({
        identical: false,
        divergence: {
          task: 'root',
          turn: 2,
          expected: { ended: 'done', result: 'y' },
          found: { ended: 'done', result: 'x' },
        },
      });
      await fixture.database.query(`delete from runtime.step where run_id = $1`, [id]);
      expect(await replay(id)).toMatchObject({ identical: false, divergence: { turn: 1, step: 'tell/asked' } });
    });

    it('is refused while the run goes on', async () => {
      const { id } = await create(ask('?'));
      expect(await refusalOf(replay(id))).toBe('runtime.run.not-ended');
      expect(await refusalOf(replay(newId('run')))).toBe('runtime.run.not-found');
    });
  });

  it('ends a run at its deadline', async () => {
    const { id } = await create({ ...ask('?'), deadlineMs: 1_000 });
    expect((await until(id, 'expired')).deadlineAt).toBeDefined();
  });

  it('creates once whatever is sent twice with one Idempotency-Key', async () => {
    const request: Create = { agent: 'compose', input: { value: 1 } };
    const as = { claims: me, idempotencyKey: 'k1' };
    const [one, two] = await Promise.all([create(request, as), create(request, as)]);
    expect(two.id).toBe(one.id);
    expect(await refusalOf(create({ ...request, priority: 'low' }, as))).toBe('request.idempotency-mismatch');
  });

  describe('refuses', () => {
    const value = { value: 1 };
    const task = (id: string, ...dependsOn: string[]): Task => ({ id, agent: 'compose', input: value, dependsOn });

    it.each<[string, Create]>([
      ['a cycle', { tasks: [task('a', 'b'), task('b', 'a')] }],
      ['a task that depends on none there is', { tasks: [task('a', 'z')] }],
      ['two tasks of one name', { tasks: [task('a'), task('a')] }],
      [
        'a chain that is too long',
        { tasks: Array.from({ length: 101 }, (_, n) => task(`t${n}`, ...(n ? [`t${n - 1}`] : []))) },
      ],
      [
        'a fan-out that is too wide',
        { tasks: [task('a'), ...Array.from({ length: 201 }, (_, n) => task(`t${n}`, 'a'))] },
      ],
      [
        'a reference to what it does not depend on',
        { tasks: [task('a'), { ...task('b'), input: { value: { $from: 'a' } } }] },
      ],
    ])('%s', async (_, request) => {
      expect(await refusalOf(create(request))).toBe('runtime.graph.invalid');
    });

    it.each<[string, object]>([
      ['no tasks', { tasks: [] }],
      ['too many tasks', { tasks: Array.from({ length: 1_001 }, (_, n) => task(`t${n}`)) }],
      ['an agent there is not', { agent: 'wizard' }],
      ['an input that is not the agent’s', { agent: 'timer', input: { delayMs: -1 } }],
      ['both an agent and tasks', { agent: 'compose', input: value, tasks: [task('a')] }],
      ['neither an agent nor tasks', {}],
      ['an input beside tasks', { tasks: [task('a')], input: value }],
      ['a task called root', { tasks: [task('root')] }],
      ['a task called trigger', { tasks: [task('trigger')] }],
      ['a name with a space', { tasks: [task('a b')] }],
      ['a file above its folder', { agent: 'command', input: { command: 'x', files: { '../x': '' } } }],
      ['NUL in a question', ask('a\0b')],
      ['a deadline in the past', { ...ask('?'), deadlineMs: -1 }],
      ['a priority there is not', { ...ask('?'), priority: 'asap' }],
    ])('%s', async (_, request) => {
      expect(await refusalOf(create(request as Create))).toBe('request.invalid');
    });

    it('a model where none is configured', async () => {
      expect(await refusalOf(create({ agent: 'model', input: { prompt: 'hi' } }))).toBe('runtime.agent.unavailable');
    });

    it('every question about a run that does not exist, or is another tenant’s', async () => {
      const { id } = await create(ask('?'));
      for (const [run, as] of [
        [newId('run'), me],
        [id, testPrincipal()],
      ] as const) {
        const asked = [
          () => fixture.call(runs.pauseRun, { id: run }, as),
          () => fixture.call(runs.resumeRun, { id: run }, as),
          () => fixture.call(runs.steerRun, { id: run, message: 'm' }, as),
          () => fixture.call(runs.answerRun, { id: run, answer: 1 }, as),
          () => fixture.call(runs.listWaits, { id: run }, as),
          () => fixture.call(runs.listTasks, { id: run }, as),
          () => fixture.call(runs.listSteps, { id: run }, as),
        ];
        for (const one of asked) expect(await refusalOf(one())).toBe('runtime.run.not-found');
      }
    });
  });

  const statesOf = (all: readonly { readonly id: string }[]) =>
    fixture.database.query<{ state: string }>('select state from runtime.run where id = any ($1)', [
      all.map(({ id }) => id),
    ]);

  it('can be answered by whoever reads that somebody is asked', async () => {
    const answered = Array.from({ length: 12 }, async (_, n) => {
      const tasks = [{ id: 'a', agent: 'human' as const, input: { question: '?' } }];
      const { id } = await create(n % 2 === 0 ? ask('?') : { tasks });
      while (!(await storyOf(id)).includes('task.asked'));
      await answer(id, n, n % 2 === 0 ? undefined : 'a');
      expect(await storyOf((await until(id, 'completed')).id)).toEqual([
        ...['run.created', 'run.started', 'task.asked', 'task.answered', 'run.completed'],
      ]);
    });
    await Promise.all(answered);
  });

  it('end with the membership of whoever started them, and nobody else’s do', async () => {
    const { tenantId, workspaceId } = me;
    const bo = testPrincipal({ tenantId, workspaceId });
    const parked = await create(ask('still there?'), bo);
    const paused = await create({ tasks: [{ id: 'a', agent: 'human', input: { question: '?' } }] }, bo);
    await fixture.call(runs.pauseRun, { id: paused.id }, bo);
    const others = [
      await create(ask('mine?')),
      await create(ask('there?'), { ...bo, workspaceId: newId('workspace') }),
    ];
    await eventually(async () => expect(await statesOf(others)).toEqual([{ state: 'parked' }, { state: 'parked' }]));
    const auth = await fixture.eventsOf('auth');
    auth.emit(events.memberDisabled, tenantId, {
      principal: bo.principal.id,
      workspace: workspaceId,
      role: 'developer',
    });
    for (const { id } of [parked, paused]) await until(id, 'canceled');
    expect(await storyOf(parked.id)).toContain('run.canceled');
    expect(await statesOf(others)).toEqual([{ state: 'parked' }, { state: 'parked' }]);
    // A request that was let in before and took its time.
    expect(await refusalOf(create(ask('late?'), bo))).toBe('runtime.run.not-found');
    const theirs = { principal: bo.principal.id, workspace: workspaceId, role: 'developer' };
    auth.emit(events.memberAdded, tenantId, theirs);
    const again = await eventually(() => create(ask('back?'), bo));
    await until(again.id, 'input-required');
  });

  describe('of a credential that is distrusted', () => {
    const distrust = async (credential: string) =>
      (await fixture.eventsOf('auth')).emit(events.credentialDistrusted, me.tenantId, { credential });
    const told = async (credential: string) =>
      (await fixture.emitted(events.runsStopped.type, me.tenantId)).filter(
        ({ data }) => data['credential'] === credential,
      );
    const under = (rootCredentialId: string, claims: Partial<TestPrincipal> = {}): TestPrincipal => ({
      ...me,
      ...claims,
      rootCredentialId,
    });

    it('end with all they started, nobody else’s do, and nothing starts with it any more', async () => {
      const [key, other] = [newId('apiKey'), newId('apiKey')];
      const parent: Task[] = [
        { id: 'kid', agent: 'run', input: { tasks: [{ id: 'a', agent: 'human', input: { question: '?' } }] as never } },
      ];
      const mine = [
        await create({ tasks: parent }, under(key)),
        await create(ask('a program’s?'), under(key, { credentialId: newId('grant') })),
        await create(ask('paused?'), under(key)),
      ];
      await fixture.call(runs.pauseRun, { id: mine[2]!.id }, me);
      const kids = () =>
        fixture.database.query<{ id: string }>(
          'select id from runtime.run where parent_run_id = $1 and root_credential = $2',
          [mine[0]!.id, key],
        );
      const [kid] = await eventually(async () => {
        const found = await kids();
        expect(found).toHaveLength(1);
        return found;
      });
      const others = [await create(ask('mine?')), await create(ask('by another?'), under(other))];
      const [step] = (await fixture.call(runs.listSteps, { id: mine[0]!.id }, me)).items;
      await distrust(key);
      for (const { id } of [...mine, kid!]) await until(id, 'canceled');
      for (const { id } of others) await until(id, 'input-required');
      expect(await refusalOf(create(ask('late?'), under(key)))).toBe('runtime.run.not-found');
      const fork = { id: mine[0]!.id, step: step!.pos };
      expect(await refusalOf(fixture.call(runs.forkRun, fork, under(key)))).toBe('runtime.run.not-found');
      const [entry, ...more] = await told(key);
      expect([entry?.data, more]).toEqual([{ credential: key, runs: 4, triggers: [] }, []]);
      const canceled = await fixture.emitted(events.runCanceled.type, me.tenantId);
      expect(canceled.filter(({ actor }) => actor === entry!.actor).map(({ data }) => data['run'])).toEqual(
        expect.arrayContaining([...mine, kid!].map(({ id }) => id)),
      );
    });

    it('end also when they were being created as it was said, however long that takes', async () => {
      const key = newId('apiKey');
      const { app } = fixture.service;
      const late = await app.get(Database).tx({ tenantId: me.tenantId, actor: me.principal.id }, async (tx) => {
        await tx.query(`select set_config('idle_in_transaction_session_timeout', '0', true)`);
        const who = { tenantId: me.tenantId, workspaceId: me.workspaceId, actor: me.principal.id };
        const request = runs.createRun.request.parse(ask('nobody sees me yet'));
        const id = await app.get(StartRun).start(tx, { ...who, rootCredential: key }, request);
        await distrust(key);
        await eventually(async () => expect(await endings(key)).toEqual([{ was_looked_for: true }]));
        return id;
      });
      await until(late, 'canceled');
      await eventually(async () => expect(await endings(key)).toEqual([]));
    });
    const endings = (key: string) =>
      fixture.database.query(
        'select horizon is not null as was_looked_for from runtime.work_to_end where credential_id = $1',
        [key],
      );

    it('end by the hundred, and start again through a provider that is enabled again', async () => {
      const connection = newId('connection');
      const alice = under(connection, { principal: { ...me.principal, id: newId('principal') } });
      const many = await Promise.all(Array.from({ length: 110 }, (_, n) => create(ask(`${n}?`), alice)));
      await distrust(connection);
      await eventually(async () =>
        expect(new Set((await statesOf(many)).map(({ state }) => state))).toEqual(new Set(['canceled'])),
      );
      expect((await told(connection)).reduce((sum, { data }) => sum + Number(data['runs']), 0)).toBe(many.length);
      const changed = { connection, kind: 'saml', changed: ['enabled'], enabled: true };
      (await fixture.eventsOf('auth')).emit(events.connectionChanged, me.tenantId, changed);
      const again = await eventually(() => create(ask('back?'), alice));
      await until(again.id, 'input-required');
    });
  });
});
