import { existsSync, mkdirSync, utimesSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId, runtime, type RequestInputOf, type Run } from '@conclave/contracts';
import { refusalOf, testPrincipal } from '@conclave/dev-env/testing';
import { Housekeeping } from './disk/housekeeping.js';
import { PostgresRuns } from './runs/postgres-runs.js';
import { startRuntimeFixture, type RuntimeFixture } from './testing/runtime-fixture.js';

const LIMIT_BYTES = 1_000;

/** Nobody works here: a run stays as it was accepted until somebody ends it. */
describe('runtime service', () => {
  const me = testPrincipal();
  let fixture: RuntimeFixture;
  let bundle: string;

  beforeAll(async () => {
    fixture = await startRuntimeFixture({ ROLES: 'api', UPLOAD_LIMIT_BYTES: String(LIMIT_BYTES) });
    bundle = ((await (await upload(Buffer.from('bundle'))).json()) as { sha256: string }).sha256;
  });
  afterAll(async () => {
    await fixture.stop();
  });

  const http = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const token = await (await fixture.bus.as('auth')).tokens.sign(me, 60_000);
    const headers = { 'conclave-token': token, ...(init.headers as Record<string, string>) };
    return fetch(`${fixture.service.url}${path}`, { ...init, headers });
  };
  const upload = (body: Buffer): Promise<Response> =>
    http('/v1/uploads', {
      method: 'POST',
      body: new Uint8Array(body),
      headers: { 'content-type': 'application/octet-stream' },
    });
  const review = (more: Partial<RequestInputOf<typeof runtime.createReview>> = {}): Promise<Run> => {
    const [base, head] = ['a'.repeat(40), 'b'.repeat(40)];
    return fixture.call(runtime.createReview, { bundle, repository: 'r', base, head, target: base, ...more }, me);
  };
  const cancel = (id: string): Promise<Run> => fixture.call(runtime.cancelRun, { id }, me);

  describe('refuses', () => {
    it('an upload above the limit', async () => {
      const refused = await upload(Buffer.alloc(LIMIT_BYTES + 1));
      expect(refused.status).toBe(413);
      expect(await refused.json()).toMatchObject({ code: 'runtime.upload.too-large', limitBytes: LIMIT_BYTES });
    });

    it('a review of what was not uploaded, by this tenant', async () => {
      expect(await refusalOf(review({ bundle: '0'.repeat(64) }))).toBe('runtime.upload.not-found');
      const request = { bundle, repository: 'r', base: 'a'.repeat(40), head: 'b'.repeat(40), target: 'a'.repeat(40) };
      const other = fixture.call(runtime.createReview, request, testPrincipal());
      expect(await refusalOf(other)).toBe('runtime.upload.not-found');
    });

    it('a panel that is not installed', async () => {
      expect(await refusalOf(review({ panel: 'nobody/none' }))).toBe('runtime.panel.not-installed');
    });

    it('every question about a run that does not exist, or is another tenant’s', async () => {
      const { id } = await review();
      const ask = [runtime.getRun, runtime.getRunResult, runtime.getRunDiff, runtime.cancelRun] as const;
      for (const contract of ask) {
        expect(await refusalOf(fixture.call(contract, { id: newId('run') }, me))).toBe('runtime.run.not-found');
        expect(await refusalOf(fixture.call(contract, { id }, testPrincipal()))).toBe('runtime.run.not-found');
      }
      const stream = await http(`/v1/runs/${newId('run')}/events`);
      expect(await stream.json()).toMatchObject({ status: 404, code: 'runtime.run.not-found' });
    });

    it('a result or a diff before there is one', async () => {
      const { id } = await review();
      expect(await refusalOf(fixture.call(runtime.getRunResult, { id }, me))).toBe('runtime.run.no-result');
      expect(await refusalOf(fixture.call(runtime.getRunDiff, { id }, me))).toBe('runtime.run.no-result');
    });

    it('to cancel what has ended', async () => {
      const { id } = await review();
      expect(await cancel(id)).toMatchObject({ state: 'canceled' });
      expect(await refusalOf(cancel(id))).toBe('runtime.run.finished');
    });
  });

  it('tells what a canceled run had spent', async () => {
    const { id } = await review();
    for (const call of ['juror/a', 'juror/b'])
      await fixture.database.query(
        `insert into runtime.usage_ledger (tenant_id, run_id, call_id, model, input_tokens, output_tokens, cost_micros)
         values ($1, $2, $3, 'm', 2000000000, 2000000000, 7)`,
        [me.tenantId, id, call],
      );
    await cancel(id);
    const told = (await fixture.emitted('run.canceled', me.tenantId)).filter(({ data }) => data['run'] === id);
    expect(told.map(({ data }) => data)).toEqual([
      { run: id, usage: { inputTokens: 4e9, outputTokens: 4e9, costMicros: 14 } },
    ]);
  });

  it('gives back what ended runs and killed processes left on disk, and nothing that is in use', async () => {
    const [open, ended] = [await review(), await review()].map(({ id }) => join(fixture.dir, 'runs', id));
    const [fresh, old] = ['w-fresh', 'w-old'].map((name) => join(fixture.dir, 'sandbox', name));
    for (const folder of [open!, ended!, fresh!, old!]) mkdirSync(join(folder, 'a'), { recursive: true });
    await cancel(basename(ended!));
    utimesSync(old!, new Date(0), new Date(0));
    expect(await fixture.service.app.get(Housekeeping).run()).toEqual([]);
    expect([open!, ended!, fresh!, old!].map((folder) => existsSync(folder))).toEqual([true, false, true, false]);
    const named = fixture.service.app.get(PostgresRuns);
    expect(await named.namedBlobs(me.tenantId, [bundle, '0'.repeat(64)])).toEqual(new Set([bundle]));
  });

  it('leaves the backlog to the processes with the control role', async () => {
    expect(await (await http('/metrics')).text()).not.toContain('conclave_backlog');
  });

  it('keeps a review whose intent holds what Postgres cannot store', async () => {
    expect(await review({ intent: 'a\0b' })).toMatchObject({ state: 'submitted' });
  });

  describe('a run’s events', () => {
    const events = (id: string, query = '', headers: Record<string, string> = {}): Promise<Response> =>
      http(`/v1/runs/${id}/events${query}`, { headers, signal: AbortSignal.timeout(20_000) });
    const idsOf = (text: string): number[] => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));

    it('begin with the headers, however quiet the run is, and end with it', async () => {
      const { id } = await review();
      const response = await events(id, '?after=1');
      expect(response.headers.get('content-type')).toBe('text/event-stream');
      await cancel(id);
      expect(idsOf(await response.text())).toEqual([2]);
    });

    it('end at once for a client that has seen the last of them', async () => {
      const { id } = await review();
      await cancel(id);
      expect(await (await events(id, '', { 'last-event-id': '2' })).text()).toBe('');
      expect(await (await events(id, '?after=99')).text()).toBe('');
    });

    it('are resumed by Last-Event-ID before `after`, and by `after` where it says nothing', async () => {
      const { id } = await review();
      await cancel(id);
      expect(idsOf(await (await events(id)).text())).toEqual([1, 2]);
      expect(idsOf(await (await events(id, '?after=0', { 'last-event-id': '1' })).text())).toEqual([2]);
      for (const nothing of ['', '-1', 'x'])
        expect(idsOf(await (await events(id, '?after=1', { 'last-event-id': nothing })).text())).toEqual([2]);
    });
  });
});
