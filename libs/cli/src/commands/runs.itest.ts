/** Runs of agents' tasks from the command line, on a platform that speaks the contracts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runs, runtime, type Contract } from '@conclave/contracts';
import { EXIT } from '../exit-codes.js';
import { runConclave, type Ended } from '../test/run-conclave.js';
import { TestPlatform } from '../test/test-platform.js';

let platform: TestPlatform;
const cwd = mkdtempSync(join(tmpdir(), 'conclave-runs-'));
beforeAll(async () => {
  platform = await TestPlatform.start();
});
afterAll(async () => {
  await platform.stop();
  rmSync(cwd, { recursive: true });
});

type Extra = Partial<Parameters<typeof runConclave>[1]>;
const conclave = (words: string[], extra: Extra = {}): Promise<Ended> =>
  runConclave(words, { cwd, env: { CONCLAVE_URL: platform.url, CONCLAVE_API_KEY: platform.key }, ...extra });

const SHIP = {
  question: 'Ship \u001b[2J it?',
  options: [
    { id: 'ship', title: 'Ship it now' },
    { id: 'wait', title: 'Leave it' },
  ],
};
/** Starts a run in the background. @returns its id */
async function started(agent: string, input: object): Promise<string> {
  const words = ['run', '--background', '--agent', agent, '--input', JSON.stringify(input)];
  return (await conclave(words)).stdout.trim();
}
const lastOf = (contract: Contract) => platform.seen.findLast((one) => one.contract === contract)?.request;

describe('conclave run', () => {
  it('tells the story of a file of tasks to its end, and prints what came out', async () => {
    writeFileSync(
      join(cwd, 'graph.yaml'),
      ['title: sums', 'tasks:', '  - {id: a, agent: compose, input: {value: {n: 1}}}'].join('\n') +
        '\n  - {id: b, agent: compose, input: {value: "two\\u202e\\nlines"}, dependsOn: [a]}\n',
    );
    const { code, stdout, stderr } = await conclave(['run', 'graph.yaml', '--priority', 'high']);
    expect([code, stdout]).toEqual([0, 'two\\u{202e}\nlines\n']);
    expect(stderr).toMatch(/^Run run_\w+: sums\n$/);
    expect(lastOf(runs.createRun)).toMatchObject({
      title: 'sums',
      priority: 'high',
      tasks: [{ id: 'a' }, { id: 'b' }],
    });
    const asked = { agent: 'compose', input: { value: [1] } };
    const json = await conclave(['run', '-', '--json'], { stdin: JSON.stringify(asked) });
    expect(JSON.parse(json.stdout)).toEqual({ run: expect.stringMatching(/^run_/), result: [1] });
  });

  it('leaves a run in the background, which is watched later to its result', async () => {
    const id = await started('compose', { value: { done: true } });
    expect(id).toMatch(/^run_\w+$/);
    const { code, stdout } = await conclave(['watch', id]);
    expect([code, JSON.parse(stdout)]).toEqual([0, { done: true }]);
  });

  it('asks at the terminal: options by number, an unfit answer again, an effect nobody saw the end of', async () => {
    const tasks = [
      { id: 'ask', agent: 'human', input: SHIP },
      { id: 'deploy', agent: 'command', input: { command: './deploy', effect: 'unsafe' }, dependsOn: ['ask'] },
    ];
    const stdin = 'perhaps\n1\ndone nothing\ndone {"url":"x"}\n';
    writeFileSync(join(cwd, 'deploy.json'), JSON.stringify({ tasks }));
    const { code, stdout, stderr } = await conclave(['run', 'deploy.json', '--interactive'], { stdin });
    expect([code, JSON.parse(stdout)]).toEqual([0, { url: 'x' }]);
    expect(stderr).toContain('Ship \\u{1b}[2J it?\n    1  ship  Ship it now\n    2  wait  Leave it\n');
    expect(stderr).toMatch(/does not fit the question[\s\S]*Ship [\s\S]*whether command happened/);
    expect(stderr).toContain('what it gave is not JSON');
  });

  it('goes on without asking when nobody answers, and until Ctrl-C, which leaves the run running', async () => {
    const id = await started('human', SHIP);
    let killed = false;
    const { code, stderr } = await conclave(['watch', id, '--interactive'], {
      onStderr: (text, kill) => {
        if (killed || !text.includes('Nobody answers here')) return;
        killed = true;
        kill('SIGINT');
      },
    });
    expect([code, stderr]).toEqual([
      EXIT.interrupted,
      expect.stringContaining(`The run goes on: conclave watch ${id}`),
    ]);
    expect(platform.agents.runOf(id)?.state).toBe('input-required');
  });

  it('says how what it asks is answered, and which input does not fit', async () => {
    const id = await started('human', SHIP);
    const watching = conclave(['watch', id]);
    await conclave(['answer', id, 'wait']);
    const { code, stdout, stderr } = await watching;
    expect([code, stdout]).toEqual([0, 'wait\n']);
    expect(stderr).toContain(`  root asks: Ship \\u{1b}[2J it? (conclave answer ${id} root)\n`);
    expect(stderr).toMatch(/task\.answered +task root, by prn_/);
    const refused = await conclave(['run', '--agent', 'command', '--input', '{"argv":["x"]}']);
    expect([refused.code, refused.stderr]).toEqual([EXIT.refused, expect.stringContaining('root.input')]);
  });

  it('that ends otherwise than completed ends with its own code', async () => {
    const id = await started('human', SHIP);
    expect((await conclave(['cancel', id, '--reason', 'no'])).stdout).toBe(`Run ${id} is canceled.\n`);
    expect(lastOf(runtime.cancelRun)).toMatchObject({ reason: 'no' });
    const { code, stderr } = await conclave(['watch', id]);
    expect([code, stderr]).toEqual([EXIT.runFailed, expect.stringContaining('is canceled')]);
    expect((await conclave(['pause', id])).stderr).toContain('already ended');
  });

  it.each<[string, RegExp, string[]]>([
    ['nothing to run', /name a FILE or an --agent/, ['run']],
    ['two things to run', /name a FILE or an --agent/, ['run', 'x.json', '--agent', 'human']],
    ['a file that is not there', /gone\.json cannot be read \(ENOENT\)/, ['run', 'gone.json']],
    ['a file that is neither JSON nor YAML', /- is neither JSON nor YAML/, ['run', '-']],
    ['an input that is no JSON', /--input is not JSON/, ['run', '--agent', 'human', '--input', '{']],
    ['a step that is none', /--step names no step[\s\S]*status run_1 --steps/, ['fork', 'run_1', '--step', 'x']],
    ['a journal of no run', /--steps is about one RUN/, ['status', '--steps']],
    ['a background that asks', /asks nobody here/, ['run', 'x.json', '--background', '--interactive']],
    ['stdin for both', /nobody can answer there/, ['run', '-', '--interactive']],
  ])('says what is wrong with %s', async (_, pattern, words) => {
    const { code, stderr } = await conclave(words, { stdin: '{a: [' });
    expect([code, stderr]).toEqual([EXIT.usage, expect.stringMatching(pattern)]);
  });
});

describe('conclave answer', () => {
  it('shows the question, and takes the first answer', async () => {
    const id = await started('human', SHIP);
    expect((await conclave(['answer', id])).stdout).toMatch(/^root asks, until .*:\n {2}Ship .* it\?\n +1 {2}ship/);
    const unfit = await conclave(['answer', id, 'maybe']);
    expect([unfit.code, unfit.stderr]).toEqual([EXIT.refused, expect.stringContaining('expected: ["ship","wait"]')]);
    expect((await conclave(['answer', id, 'root', 'ship'])).stdout).toBe('root is answered.\n');
    expect((await conclave(['answer', id, 'root', 'wait'])).stderr).toContain('came first');
    expect((await conclave(['answer', id])).stdout).toBe('It asks nothing.\n');
    expect(JSON.parse((await conclave(['watch', id])).stdout.replace('ship', '"ship"'))).toBe('ship');
  });

  it('takes words as words, JSON as JSON, and needs the task where several ask', async () => {
    const asking = { agent: 'human', input: { question: 'Why?' } };
    const tasks = ['a', 'b', 'c'].map((id) => ({ id, ...asking }));
    const id = (await conclave(['run', '-', '--background'], { stdin: JSON.stringify({ tasks }) })).stdout.trim();
    const ambiguous = await conclave(['answer', id, 'because of it']);
    expect([ambiguous.code, ambiguous.stderr]).toEqual([EXIT.refused, expect.stringContaining('more than one answer')]);
    expect((await conclave(['status', id])).stdout).not.toContain('root');
    expect((await conclave(['answer', id, 'b'])).stdout).toMatch(/^b asks.*\n {2}Why\?\n$/);
    await conclave(['answer', id, 'a', 'because of it']);
    await conclave(['answer', id, 'b', '--json-answer', '{"n":1}']);
    expect((await conclave(['answer', id, 'b'])).stdout).toBe('It asks nothing.\n');
    await conclave(['answer', id, '7']);
    expect(platform.agents.resultOf(id)?.result).toEqual({ a: 'because of it', b: { n: 1 }, c: '7' });
  });
});

describe('a run under way', () => {
  it('is paused, resumed, steered and seen, with what it asks', async () => {
    const id = await started('human', SHIP);
    expect((await conclave(['pause', id])).stdout).toContain(`Run ${id} is paused. Go on: conclave resume ${id}`);
    expect((await conclave(['status', id])).stdout).toMatch(
      new RegExp(`State +paused[^]*root +human +open +1 turn\\n  root asks, until .* \\(conclave answer ${id} root\\)`),
    );
    expect(JSON.parse((await conclave(['resume', id, '--json'])).stdout)).toMatchObject({
      id,
      state: 'input-required',
    });
    const twice = await conclave(['resume', id]);
    expect([twice.code, twice.stderr]).toEqual([EXIT.refused, expect.stringContaining('not paused')]);
    expect((await conclave(['steer', id, 'be brief'])).stdout).toContain(`Message 1 is on its way to run ${id}`);
    expect(lastOf(runs.steerRun)).toMatchObject({ message: 'be brief' });
  });

  it('is watched with a line per change until it ends', async () => {
    const id = await started('human', SHIP);
    const words = ['status', id, '--watch'];
    const watching = [conclave(words), conclave([...words, '--json'])] as const;
    const seen = platform.seen.length;
    while (platform.seen.slice(seen).filter(({ contract }) => contract === runs.listWaits).length < 2)
      await new Promise((tick) => setTimeout(tick, 50));
    await conclave(['answer', id, 'ship']);
    const [lines, documents] = await Promise.all(watching);
    expect([lines.code, documents.code]).toEqual([0, 0]);
    expect(lines.stdout.match(/input-required|asks|completed|done/g)).toEqual([
      ...['input-required', 'asks', 'completed', 'done'],
    ]);
    const told = documents.stdout.trim().split('\n');
    expect(told.map((line) => (JSON.parse(line) as { state: string }).state)).toEqual(['input-required', 'completed']);
  });
});

describe('a journal', () => {
  const JOURNALED = [1, 2, 3].map((no) => ({ id: `t${no}`, agent: 'command', input: { command: 'true' } }));

  it('is listed, forked at a step and replayed', async () => {
    const tasks = JSON.stringify({ tasks: JOURNALED });
    const id = (await conclave(['run', '-', '--background'], { stdin: tasks })).stdout.trim();
    const { stdout } = await conclave(['status', id, '--steps']);
    expect(stdout.match(/^ +\d+/gm)?.map(Number)).toEqual([10, 20, 30]);
    expect((await conclave(['fork', id, '--step', '20', '--title', 'anew'])).stdout).toMatch(/^run_\w+\n$/);
    expect(lastOf(runs.forkRun)).toMatchObject({ id, step: 20, title: 'anew' });
    expect((await conclave(['fork', id, '--step', '21'])).stderr).toContain('no such step');
    const same = await conclave(['replay', id]);
    expect([same.code, same.stdout]).toEqual([0, `Run ${id} comes out the same: 5 turns, 3 steps.\n`]);
    platform.agents.divergence = { task: 't2', turn: 1, step: 'command', expected: 2, found: { n: '\u009b' } };
    const other = await conclave(['replay', id]);
    expect([other.code, other.stdout]).toEqual([
      EXIT.diverged,
      expect.stringMatching(/at +t2#1, command\n +recorded 2\n +now +\{"n":"\\u\{9b\}"\}\n/),
    ]);
    expect((await conclave(['replay', id, '--json'])).code).toBe(EXIT.diverged);
  });
});
