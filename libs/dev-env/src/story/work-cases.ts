/** Work that is set going, followed, spoken to, held up, ended and done again from the command line, on a real platform. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Constellation } from '../testing/constellation.js';
import { ENDS, Operator } from './operator.js';
import type { SlowModel } from './slow-model.js';

export interface Workplace {
  readonly platform: Constellation;
  /** What the platform's model is; it has a price. */
  readonly model: SlowModel;
}

const SHIP = { question: 'Ship it?', options: ['ship', 'wait'].map((id) => ({ id, title: `Then ${id}` })) };

const release = (prompt: string): string =>
  JSON.stringify({
    title: 'Release',
    tasks: [
      { id: 'notes', agent: 'model', input: { prompt } },
      { id: 'ask', agent: 'human', input: SHIP, dependsOn: ['notes'] },
      { id: 'why', agent: 'human', input: { question: 'Why?' }, dependsOn: ['ask'] },
      {
        ...{ id: 'told', agent: 'compose', dependsOn: ['notes', 'ask', 'why'] },
        input: { value: { notes: { $from: 'notes', path: '/text' }, ask: { $from: 'ask' }, why: { $from: 'why' } } },
      },
    ],
  });

interface Scene {
  readonly o: Operator;
  readonly model: SlowModel;
}

const begun = async (o: Operator, line: string): Promise<string> =>
  (await o.typed(`${line} --background`)).stdout.trim();

function followed(scene: () => Scene): void {
  it('sets a run going in the background, speaks to it, holds it up, answers it and does it again', async () => {
    const { o, model } = scene();
    const asked = model.asked('Write the notes.');
    const id = await begun(o, `run ${o.file('release.json', release('Write the notes.'))}`);
    expect(id).toMatch(/^run_\w+$/);
    const watching = o.begin(`status ${id} --watch`);
    const call = await asked;
    expect((await o.typed(`steer ${id} 'Be brief.'`)).stdout).toBe(`Message 1 is on its way to run ${id}.\n`);
    const briefly = model.asked('Be brief.');
    call.say('Long notes.');
    (await briefly).say('Notes.');

    await watching.says(/ask asks, until .*: Ship it\?/);
    expect((await o.typed(`pause ${id} --reason lunch`)).stdout).toMatch(/ is paused\. Go on: /);
    expect((await o.typed(`answer ${id} ask ship`)).stdout).toBe('ask is answered.\n');
    expect((await o.typed(`status ${id}`)).stdout).toMatch(/^State +paused$/m);
    expect((await o.typed(`answer ${id}`)).stdout).toBe('It asks nothing.\n');
    expect((await o.typed(`resume ${id}`)).code).toBe(0);
    await watching.says(/why asks, until .*: Why\?/);
    expect((await o.typed(`answer ${id} 'because we can'`)).stdout).toBe('why is answered.\n');
    expect(await watching.ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/completed/) });

    const [watched, steps, replayed] = await Promise.all([
      o.typed(`watch ${id}`),
      o.typed(`status ${id} --steps`),
      o.typed(`replay ${id}`),
    ]);
    expect(JSON.parse(watched.stdout)).toEqual({ notes: 'Notes.', ask: 'ship', why: 'because we can' });
    expect(watched.stderr).toMatch(/run\.paused +.*lunch/);
    expect(replayed).toMatchObject({ code: 0, stdout: expect.stringMatching(/ comes out the same: \d+ turns/) });

    const [, step] = /^ *(\d+) .* notes#1 +call\/2\/1$/m.exec(steps.stdout) ?? [];
    const again = model.asked('Be brief.');
    const fork = (await o.typed(`fork ${id} --step ${step} --title anew`)).stdout.trim();
    (await again).say('Other notes.');
    const answering = o.begin(`watch ${fork} --interactive`);
    await answering.says(/Ship it\?\n +1 +ship/);
    answering.type('wait\n');
    await answering.says(/ {2}Why\?\n/);
    answering.type('not yet\n');
    const { code, stdout } = await answering.ended;
    expect([code, JSON.parse(stdout)]).toEqual([0, { notes: 'Other notes.', ask: 'wait', why: 'not yet' }]);
  }, 60_000);

  it('asks at the terminal, and again where the answer does not fit', async () => {
    const { o } = scene();
    const running = o.begin(
      `run ${o.file('ship.json', JSON.stringify({ agent: 'human', input: SHIP }))} --interactive`,
    );
    await running.says(/number or name: /);
    running.type('perhaps\n');
    await running.says(/does not fit[^]*Ship it\?/);
    running.type('2\n');
    expect(await running.ended).toMatchObject({ code: 0, stdout: 'wait\n' });
  }, 60_000);
}

function ended(scene: () => Scene): void {
  it('ends a run for good, and hangs up on the model', async () => {
    const { o, model } = scene();
    const asked = model.asked('Think for long.');
    const id = await begun(o, `run --agent model --input '{"prompt":"Think for long."}'`);
    const { abandoned } = await asked;
    const watching = o.typed(`watch ${id}`);
    expect((await o.typed(`cancel ${id} --reason late`)).stdout).toBe(`Run ${id} is canceled.\n`);
    await abandoned;
    expect(await watching).toMatchObject({ code: ENDS.runFailed, stderr: expect.stringContaining('is canceled') });
    const late = await o.typed(`resume ${id}`);
    expect([late.code, late.stderr]).toEqual([ENDS.refused, expect.stringContaining('already ended')]);
  }, 60_000);

  it('keeps a call waiting that does not fit a budget, until there is room, and tells what it cost', async () => {
    const { o, model } = scene();
    const tasks = [
      { id: 'go', agent: 'human', input: { question: 'Go?' } },
      { id: 'say', agent: 'model', input: { prompt: 'What may it cost?' }, dependsOn: ['go'] },
    ];
    const id = await begun(o, `run ${o.file('dear.json', JSON.stringify({ tasks }))}`);
    const watching = o.begin(`status ${id} --watch`);
    const limit = (usd: string) => o.typed(`budgets set --scope run --id ${id} --limit ${usd}`);
    expect((await limit('0.0001')).stdout).toMatch(/ run +total +0% +\$0\.00 +\$0\.00 +\$0\.0001 +park /);
    await watching.says(/go asks/);
    const asked = model.asked('What may it cost?');
    await o.typed(`answer ${id} go yes`);
    await watching.says(/say waits for budget/);
    expect((await limit('1')).code).toBe(0);
    (await asked).say('A millionth or two.');
    expect(await watching.ended).toMatchObject({ code: 0 });
    const [kept] = await o.items('budgets list --scope run');
    expect(kept).toMatchObject({ scopeId: id, spentMicros: 12, reservedMicros: 0, limitMicros: 1_000_000 });
    expect((await o.typed(`budgets remove ${String(kept!['id'])}`)).code).toBe(0);
  }, 60_000);
}

export function workCases(place: () => Workplace): void {
  describe('the command line', () => {
    let operator: Operator;
    beforeAll(() => void (operator = new Operator(place().platform)));
    afterAll(() => operator.leave());
    for (const cases of [followed, ended]) cases(() => ({ o: operator, model: place().model }));
  });
}
