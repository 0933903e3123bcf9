import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { panelSha256, reviewPanel, type PanelManifest } from '@conclave/checks';
import {
  events,
  laneOf,
  newId,
  type Decision,
  type ReviewResult,
  type Run,
  type RunEvent,
  type TokenFrame,
  type Wait,
} from '@conclave/contracts';
import { startConstellation, type Constellation } from '@conclave/dev-env';
import { eventually } from '@conclave/dev-env/testing';
import pg from 'pg';
import { WebSocket } from 'ws';
import { startFakeProviders, type FakeAnswer, type FakeProviders } from '../testing/fake-providers.js';
import { keepJournals } from '../testing/keep-journals.js';

const run = promisify(execFile);
const cli = join(import.meta.dirname, '../../../../libs/cli/bin/conclave.mjs');
const verdict = (vote: string, findings: object[] = []): FakeAnswer => ({
  text: JSON.stringify({ vote, reason: `votes ${vote}`, findings }),
});

describe('model jurors on a panel', () => {
  let fakes: FakeProviders;
  let platform: Constellation;
  let repository: string;

  beforeAll(async () => {
    fakes = await startFakeProviders();
    const env = {
      OPENAI_API_KEY: 'k',
      OPENAI_BASE_URL: `${fakes.url}/v1`,
      ANTHROPIC_BASE_URL: `${fakes.url}/v1`,
      OPENAI_COMPATIBLE_BASE_URL: `${fakes.url}/compatible/v1`,
      MODELS_ALLOW: '127.0.0.0/8',
    };
    platform = await startConstellation({ env });
    repository = await mkdtemp(join(tmpdir(), 'model-jurors-'));
    const git = (...words: string[]) =>
      run('git', ['-C', repository, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...words]);
    await git('init', '-qb', 'main');
    await writeFile(join(repository, 'a.js'), 'export const half = (n) => n / 2;\n');
    await git('add', '.');
    await git('commit', '-qm', 'half');
    await git('checkout', '-qb', 'change');
    await writeFile(join(repository, 'a.js'), 'export const half = (n) => n / 3;\n');
    await git('commit', '-qam', 'halve better');
  }, 180_000);
  afterAll(async () => {
    if (platform) await keepJournals(platform.postgres, process.env['KEEP_JOURNALS']);
    await platform?.stop();
    await fakes.stop();
    await rm(repository, { recursive: true, force: true });
  }, 60_000);

  const review = async (...more: string[]): Promise<ReviewResult> => {
    const env = { ...process.env, CONCLAVE_STATE_DIR: dirname(platform.devFile) };
    const words = [cli, 'review', '--repo', repository, '--base', 'main', '--head', 'change', '--json', ...more];
    const { stdout } = await run(process.execPath, words, { env }).catch((failed: { stdout: string; code: number }) => {
      if (![1, 2].includes(failed.code)) throw failed as unknown as Error;
      return failed;
    });
    return JSON.parse(stdout) as ReviewResult;
  };
  /** Installs a panel as the marketplace's event would. */
  const install = async (manifest: PanelManifest): Promise<void> => {
    const client = new pg.Client({ connectionString: platform.postgres });
    await client.connect();
    await client.query(
      `insert into runtime.installed_panel (tenant_id, package, installation_id, version, sha256, manifest) values ($1, $2, $3, $4, $5, $6)`,
      [platform.tenant, manifest.name, newId('installation'), manifest.version, panelSha256(manifest), manifest],
    );
    await client.end();
  };
  /** Whose services its jurors’ turns count for, where there are caps. */
  const providersOf = async ({ decision }: ReviewResult): Promise<string[]> => {
    const client = new pg.Client({ connectionString: platform.postgres });
    await client.connect();
    const { rows } = await client.query<{ provider: string }>(
      `select distinct t.provider from runtime.run r join runtime.turn t on t.tenant_id = r.tenant_id and t.run_id = r.id
       where r.decision_id = $1 and t.agent = 'review/llm' order by t.provider`,
      [decision],
    );
    await client.end();
    return rows.map(({ provider }) => provider);
  };
  const read = async <T>(path: string): Promise<T> =>
    (await (
      await fetch(`${platform.gateway}${path}`, { headers: { authorization: `Bearer ${platform.apiKey}` } })
    ).json()) as T;
  /** Follows a run over a WebSocket through the edge, with what models say. */
  const listen = (id: string, after: number) => {
    const url = `${platform.gateway.replace('http', 'ws')}/v1/runs/${id}/events?tokens=true&after=${after}`;
    const socket = new WebSocket(url, { headers: { authorization: `Bearer ${platform.apiKey}` } });
    const events: RunEvent[] = [];
    const frames: TokenFrame[] = [];
    socket.on('message', (data) => {
      const message = JSON.parse((data as Buffer).toString('utf8')) as RunEvent | TokenFrame;
      if ('seq' in message) events.push(message);
      else frames.push(message);
    });
    const opened = once(socket, 'open');
    const over = new Promise<{ code: number }>((closed) => socket.once('close', (code) => closed({ code })));
    return { events, frames, opened, over };
  };
  /** What an attempt said, by task. */
  const said = ({ frames }: { frames: readonly TokenFrame[] }, attempt: number) =>
    new Map(
      [
        ...Map.groupBy(
          frames.filter((frame) => frame.attempt === attempt),
          ({ task }) => task,
        ),
      ].map(([task, own]) => [task, own.map(({ text }) => text).join('')] as const),
    );
  const seatOf = (result: ReviewResult, provider: string) =>
    result.seats.find(({ seat }) => seat.startsWith(`model:${provider}`));

  it('vote sealed when there are two, and one error at a line rejects what every check let pass', async () => {
    fakes.answer(verdict('yes', [{ path: 'a.js', line: 1, severity: 'error', message: 'a half is not a third' }]));
    const result = await review();
    expect(result).toMatchObject({ outcome: 'rejected' });
    expect(result.findings).toContainEqual(
      expect.objectContaining({ path: 'a.js', line: 1, severity: 'error', rule: 'model-review' }),
    );
    expect(result.usage).toMatchObject({ inputTokens: 240, outputTokens: 60 });
    const decision = await read<Decision>(`/v1/decisions/${result.decision}`);
    expect(decision).toMatchObject({ secrecy: 'sealed', phase: 'sealed' });
    expect(decision.ballots.every(({ status }) => status === 'counted' || status === 'abstained')).toBe(true);
    expect(fakes.seen).toHaveLength(2);
    expect(await providersOf(result)).toEqual(['compatible', 'openai']);
  }, 90_000);

  it('are not asked where the panel stops early and the others have decided: a call is saved', async () => {
    await install({
      ...{ name: 'acme/quick', version: '1.0.0', title: 'Quick', description: 'A majority, asked in waves.' },
      ...{ rule: { method: 'approval-gate', threshold: { num: 1, den: 2 } }, secrecy: 'open', early_stop: 'certain' },
      seats: reviewPanel.seats.filter(({ seat }) => ['secrets', 'model'].includes(seat)),
    });
    fakes.answer(verdict('yes'));
    const result = await review('--panel', 'acme/quick');
    expect(result.outcome).toBe('approved');
    expect(fakes.seen).toHaveLength(1);
    const decision = await read<Decision>(`/v1/decisions/${result.decision}`);
    expect(decision).toMatchObject({ phase: 'sealed', earlyStop: 'certain', waves: true, skippedByEarlyStop: 1 });
    expect(decision.ballots.map(({ status }) => status)).toEqual(['counted', 'counted', 'not-asked']);
    fakes.answer(verdict('no'), verdict('yes'));
    expect(await review('--panel', 'acme/quick')).toMatchObject({ outcome: 'approved' });
    expect(fakes.seen).toHaveLength(2);
  }, 90_000);

  describe('a model that does a task', () => {
    const post = async <T>(path: string, body: object): Promise<T> => {
      const headers = { authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/json' };
      const init = { method: 'POST', headers, body: JSON.stringify(body) };
      return (await (await fetch(`${platform.gateway}${path}`, init)).json()) as T;
    };

    it('answers once, is booked, and the journal tells the same story again', async () => {
      fakes.answer({ text: 'Four.' });
      const task = { agent: 'model', input: { prompt: 'two and two?', system: 'Be brief.' }, waitMs: 20_000 };
      const run = await post<Run>('/v1/runs', task);
      expect(run).toMatchObject({ kind: 'agent', state: 'completed' });
      expect(await read(`/v1/runs/${run.id}/result`)).toMatchObject({ result: { text: 'Four.' } });
      expect(await post(`/v1/runs/${run.id}/replay`, {})).toMatchObject({ identical: true, turns: 1 });
      expect(fakes.seen).toHaveLength(1);
      const { items } = await read<{ items: object[] }>('/v1/usage?by=run');
      expect(items).toContainEqual(
        expect.objectContaining({ key: run.id, calls: 1, inputTokens: 120, outputTokens: 30 }),
      );
    }, 60_000);

    it('waits without a worker while its provider is away, and goes on', async () => {
      const request = { agent: 'model', input: { prompt: 'still there?' }, waitMs: 20_000 };
      fakes.answer({ status: 503 }, { status: 503 }, { text: 'Yes.' });
      const run = await post<Run>('/v1/runs', request);
      expect(run.state).toBe('completed');
      const { items } = await read<{ items: Wait[] }>(`/v1/runs/${run.id}/waits`);
      expect(items.map(({ kind, state }) => [kind, state])).toEqual([['rate', 'expired']]);
      expect(await post(`/v1/runs/${run.id}/replay`, {})).toMatchObject({ identical: true, turns: 2 });
    }, 60_000);

    it('hears what is said to it meanwhile, once, whichever call its worker is killed in', async () => {
      const hint = 'in German, please';
      fakes.answer({ hang: true }, { text: 'Four.' }, { hang: true }, { text: 'Vier.' });
      const { id } = await post<Run>('/v1/runs', { agent: 'model', input: { prompt: 'two and two?' } });
      const asked = (times: number) => eventually(() => expect(fakes.seen).toHaveLength(times), 60_000);
      await asked(1);
      expect(await post(`/v1/runs/${id}/steer`, { message: hint })).toMatchObject({ no: 1 });
      for (const times of [3, 4]) {
        await platform.kill9('runtime');
        await platform.whenReady('runtime');
        await asked(times);
      }
      await eventually(async () => expect((await read<Run>(`/v1/runs/${id}`)).state).toBe('completed'), 60_000);
      expect(await read(`/v1/runs/${id}/result`)).toMatchObject({ result: { text: 'Vier.' } });
      expect(fakes.seen.map(({ body }) => body.split(hint).length - 1)).toEqual([0, 0, 1, 1]);
      const { items } = await read<{ items: object[] }>('/v1/usage?by=run');
      expect(items).toContainEqual(expect.objectContaining({ key: id, calls: 2, inputTokens: 240 }));
      expect(await post(`/v1/runs/${id}/replay`, {})).toMatchObject({ identical: true, turns: 1 });
      expect(fakes.seen).toHaveLength(4);
    }, 120_000);

    it('remembers what was said in its session, also in a fork from before or after its answer', async () => {
      const session = await post<{ id: string }>('/v1/sessions', { title: 'sums' });
      fakes.answer({ text: 'Four.' }, { text: 'Eight.' });
      const say = (text: string) => post<{ run: string }>(`/v1/sessions/${session.id}/messages`, { text });
      const said = [await say('two and two?'), await say('and twice that?')];
      await eventually(async () => {
        const run = await read<Run>(`/v1/runs/${said[1]!.run}`);
        expect(run.state).toBe('completed');
      });
      expect(fakes.seen[1]!.body).toContain('two and two?');
      expect(fakes.seen[1]!.body).toContain('Four.');

      // A fork has what came before the step it names, and in its session it is nobody's answer.
      const { items } = await read<{ items: { name: string; pos: number }[] }>(`/v1/runs/${said[1]!.run}/steps`);
      const forked = async (step: string) => {
        const { pos } = items.find(({ name }) => name === step)!;
        const { id } = await post<Run>(`/v1/runs/${said[1]!.run}/fork`, { step: pos });
        await eventually(async () => expect((await read<Run>(`/v1/runs/${id}`)).state).toBe('completed'));
        expect(await post(`/v1/runs/${id}/replay`, {})).toMatchObject({ identical: true, turns: 1 });
        const { result } = await read<{ result: { text: string } }>(`/v1/runs/${id}/result`);
        return { id, text: result.text };
      };
      fakes.answer({ text: 'Nine.' });
      const after = await forked('steering/2');
      expect([after.text, fakes.seen]).toEqual(['Eight.', []]);
      const again = await forked('call/1/1');
      expect([again.text, fakes.seen.length]).toEqual(['Nine.', 1]);
      for (const text of ['two and two?', 'Four.', 'and twice that?']) expect(fakes.seen[0]!.body).toContain(text);
      const used = await read<{ items: { key: string; calls: number }[] }>('/v1/usage?by=run');
      const callsOf = (run: string) => used.items.find(({ key }) => key === run)?.calls;
      expect([said[1]!.run, again.id, after.id].map(callsOf)).toEqual([1, 1, undefined]);
      const told = await read<{ items: { reply: { text: string } }[] }>(`/v1/sessions/${session.id}/messages`);
      expect(told.items.map(({ reply }) => reply.text)).toEqual(['Eight.', 'Four.']);
    }, 60_000);
  });

  it('did all that with journals that tell the same story again', async () => {
    const { items } = await read<{ items: Run[] }>('/v1/runs');
    const reviews = items.filter(({ kind }) => kind === 'review');
    expect(reviews.length).toBeGreaterThan(0);
    for (const { id } of reviews) {
      const headers = { authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/json' };
      const replayed = await fetch(`${platform.gateway}/v1/runs/${id}/replay`, { method: 'POST', headers, body: '{}' });
      expect(await replayed.json()).toMatchObject({ identical: true });
    }
  }, 60_000);

  it('vote anew in a fork of their review, for a decision of its own; there is none from where it had one', async () => {
    const { id } = (await read<{ items: Run[] }>('/v1/runs')).items.find(({ kind }) => kind === 'review')!;
    const first = await read<ReviewResult>(`/v1/runs/${id}/result`);
    const { items } = await read<{ items: { name: string; pos: number }[] }>(`/v1/runs/${id}/steps`);
    const headers = { authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/json' };
    const fork = async (name: string) => {
      const body = JSON.stringify({ step: items.find((step) => step.name === name)!.pos });
      const answer = await fetch(`${platform.gateway}/v1/runs/${id}/fork`, { method: 'POST', headers, body });
      return (await answer.json()) as Run & { code?: string };
    };
    for (const name of ['open-decision', 'judge'])
      expect(await fork(name)).toMatchObject({ code: 'runtime.run.not-forkable', from: 'prepare' });
    fakes.answer(verdict('no'));
    const forked = await fork('prepare');
    expect(forked).toMatchObject({ kind: 'review', forkedFrom: id });
    await eventually(async () => expect((await read<Run>(`/v1/runs/${forked.id}`)).state).toBe('completed'), 60_000);
    const second = await read<ReviewResult>(`/v1/runs/${forked.id}/result`);
    expect([first.outcome, second.outcome]).toEqual(['approved', 'rejected']);
    expect(second.subject).toEqual(first.subject);
    expect(second.decision).not.toBe(first.decision);
    expect(fakes.seen).toHaveLength(2);
    const receiptOf = (decision: string) =>
      eventually(
        () =>
          read<{ envelope?: object }>(`/v1/decisions/${decision}/receipt`).then((one) => {
            expect(one.envelope).toBeDefined();
            return one;
          }),
        30_000,
      );
    expect(await receiptOf(second.decision)).not.toEqual(await receiptOf(first.decision));
  }, 120_000);

  it('are asked once more when the answer is no ballot, and abstain after that', async () => {
    fakes.answer({ text: 'Looks good to me!' });
    const result = await review();
    expect(result.outcome).toBe('approved');
    for (const provider of ['openai', 'compatible'])
      expect(seatOf(result, provider)).toMatchObject({
        vote: 'abstain',
        reason: 'the model gave no usable ballot in two attempts',
      });
    expect(fakes.seen).toHaveLength(4);
    expect(result.usage).toMatchObject({ inputTokens: 480 });
  }, 90_000);

  it('abstain with the reason when their provider is down, and the others decide', async () => {
    const headers = { authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/json' };
    const standIn = async (fallbacks: string[]) => {
      const body = JSON.stringify({ model: 'openai/gpt-5.1', fallbacks });
      const set = await fetch(`${platform.gateway}/v1/models/fallbacks`, { method: 'PUT', headers, body });
      expect(set.status).toBe(200);
    };
    await standIn(['compatible/default']);
    fakes.answer({ status: 503 });
    const result = await review();
    expect(result.outcome).toBe('approved');
    expect(seatOf(result, 'openai')).toMatchObject({ vote: 'abstain', reason: 'the provider failed (503)' });
    // Each seat asks its own provider, twice: who stands in for a task has no vote.
    expect(fakes.seen.map(({ path }) => path).sort()).toEqual([
      ...['/compatible/v1/chat/completions', '/compatible/v1/chat/completions', '/v1/responses', '/v1/responses'],
    ]);
    await standIn([]);
  }, 90_000);

  it('are heard while they speak, and what a dead worker let them say is taken back', async () => {
    const speech = verdict('yes') as { text: string };
    const gate = Promise.withResolvers<void>();
    fakes.answer({ ...speech, halfway: gate.promise });
    const known = (await read<{ items: Run[] }>('/v1/runs')).items.map(({ id }) => id);
    const reviewed = review();
    const id = await eventually(async () => {
      const { items } = await read<{ items: Run[] }>('/v1/runs');
      const run = items.find((item) => !known.includes(item.id));
      expect(run).toBeDefined();
      return run!.id;
    }, 60_000);
    const before = listen(id, 0);
    const half = speech.text.slice(0, speech.text.length / 2);
    await eventually(() => expect([...said(before, 1).values()]).toEqual([half, half]), 60_000);
    await platform.wipeRedis();
    await platform.wipeNats();
    await platform.kill9('runtime');
    await platform.whenReady('runtime');
    expect((await before.over).code).toBe(1006);
    const after = await eventually(async () => {
      const listening = listen(id, before.events.at(-1)!.seq);
      await listening.opened;
      return listening;
    }, 60_000);
    const resets = () => after.events.filter(({ type }) => type === 'turn.reset').map(({ data }) => data);
    await eventually(() => expect(resets().length).toBeGreaterThanOrEqual(2), 60_000);
    for (const task of said(before, 1).keys()) expect(resets()).toContainEqual({ task, turn: 1, attempt: 1 });
    gate.resolve();
    expect((await reviewed).outcome).toBe('approved');
    expect((await after.over).code).toBe(1000);
    expect([...said(after, 2).values()]).toEqual([speech.text, speech.text]);
    const seqs = [...before.events, ...after.events].map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, at) => at + 1));
  }, 240_000);

  it('cannot point outside the change', async () => {
    fakes.answer(verdict('no', [{ path: '/etc/passwd', line: 1, severity: 'error', message: 'x' }]));
    const result = await review();
    expect(result.findings.filter(({ rule }) => rule === 'model-review')).toEqual([]);
    expect(result.outcome).toBe('rejected');
  }, 90_000);

  describe('of a workspace with keys of its own', () => {
    /** As a program of tenant A or B does. */
    const ask = async <T>(tenant: 'A' | 'B', method: string, path: string, body?: object): Promise<T> => {
      const key = tenant === 'A' ? platform.apiKey : platform.apiKeyB;
      const headers = { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) };
      const response = await fetch(platform.gateway + path, {
        method,
        headers,
        ...(body && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      expect(text).not.toContain('sk-own');
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return JSON.parse(text) as T;
    };
    const create = (tenant: 'A' | 'B', name: string, value: string) =>
      ask<{ id: string }>(tenant, 'POST', '/v1/secrets', { name, value });
    /** Resolves when the runtime has heard of the secrets' versions. */
    const heard = (versions: readonly number[]) =>
      eventually(async () => {
        const client = new pg.Client({ connectionString: platform.postgres });
        await client.connect();
        const { rows } = await client.query<{ version: number }>(
          'select version from runtime.workspace_secret order by tenant_id, name',
        );
        await client.end();
        expect(rows.map(({ version }) => version).sort()).toEqual([...versions].sort());
      });
    const seenKeys = () => [...new Set(fakes.seen.map(({ authorization }) => authorization))].sort();
    const answerOf = async (tenant: 'A' | 'B') => {
      fakes.answer({ text: 'Four.' });
      const task = { agent: 'model', input: { prompt: 'two and two?', model: 'openai/gpt-5.1' }, waitMs: 20_000 };
      expect(await ask(tenant, 'POST', '/v1/runs', task)).toMatchObject({ state: 'completed' });
      return seenKeys();
    };

    it('reach their providers under these, each tenant under its own, until a key is renewed or deleted', async () => {
      const { id } = await create('A', 'OPENAI_API_KEY', 'sk-own-a');
      await create('B', 'OPENAI_API_KEY', 'sk-own-b');
      await create('B', 'ANTHROPIC_API_KEY', 'sk-own-claude');
      const { items } = await ask<{ items: { name: string }[] }>('B', 'GET', '/v1/secrets');
      expect(items.map(({ name }) => name)).toEqual(['ANTHROPIC_API_KEY', 'OPENAI_API_KEY']);
      await heard([1, 1, 1]);
      fakes.answer(verdict('yes'));
      expect((await review()).outcome).toBe('approved');
      expect(seenKeys()).toEqual(['', 'Bearer sk-own-a']);
      fakes.answer(verdict('yes'));
      const ofB = await review('--url', platform.gateway, '--api-key', platform.apiKeyB);
      expect(seatOf(ofB, 'anthropic')).toMatchObject({ vote: 'yes' });
      expect(seenKeys()).toEqual(['', 'Bearer sk-own-b', 'sk-own-claude']);

      await ask('A', 'PUT', `/v1/secrets/${id}`, { value: 'sk-own-a2' });
      await heard([1, 1, 2]);
      expect(await answerOf('A')).toEqual(['Bearer sk-own-a2']);
      await ask('A', 'DELETE', `/v1/secrets/${id}`);
      await heard([1, 1]);
      expect(await answerOf('A')).toEqual(['Bearer k']);
      expect(await answerOf('B')).toEqual(['Bearer sk-own-b']);
      const lent = await ask<{ items: { type: string }[] }>('A', 'GET', '/v1/audit/entries?limit=100');
      expect(JSON.stringify(lent)).toContain('secret.leased');
    }, 120_000);

    it('do not fall back on the installation’s key when theirs cannot be read', async () => {
      const client = new pg.Client({ connectionString: platform.postgres });
      await client.connect();
      // What the operator's job does, in one transaction.
      await client.query(
        `with gone as (
           update auth.data_key set key_id = null, wrapped = null, destroyed_at = now() where tenant_id = $1 returning id
         ) insert into auth.outbound_event (id, tenant_id, lane, type, actor, data)
           select $2, $1, $3, $4, 'service:auth', jsonb_build_object('dataKey', id, 'purpose', 'secret') from gone`,
        [platform.tenantB, newId('event'), laneOf(platform.tenantB), events.dataKeyDestroyed.type],
      );
      await client.end();
      await heard([0, 0]);
      fakes.answer({ text: 'Four.' });
      const task = { agent: 'model', input: { prompt: 'two and two?', model: 'openai/gpt-5.1' }, waitMs: 20_000 };
      expect(await ask('B', 'POST', '/v1/runs', task)).toMatchObject({
        state: 'failed',
        failure: { message: expect.stringContaining('auth.secret.unreadable') as unknown },
      });
      expect(fakes.seen).toEqual([]);
    }, 60_000);

    it('have left their values in no log', async () => {
      const logs = await readdir(platform.logDir);
      const texts = await Promise.all(logs.map((file) => readFile(join(platform.logDir, file), 'utf8')));
      expect(texts.join('').length).toBeGreaterThan(0);
      expect(texts.join('')).not.toContain('sk-own');
    });
  });
});
