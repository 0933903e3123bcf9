import { describe, expect, it } from '@jest/globals';
import {
  ConclaveError,
  contract,
  contracts,
  newId,
  permissions,
  serviceNames,
  type Contract,
} from '@conclave/contracts';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { z } from 'zod';
import type { ContextTokens, VerifiedContext } from './context-token.js';
import { createDispatcher, type Incoming } from './dispatch.js';
import type { RequestContext } from './request-context.js';

const greet = contract({
  owner: 'metrics',
  subject: 'metrics.v1.greeting.get',
  permission: 'analytics:read',
  callers: ['gateway', 'runtime'],
  request: z.strictObject({ name: z.string().min(2), times: z.number().int().default(1) }),
  reply: z.object({ greeting: z.string() }),
});
const forServices = { ...greet, permission: 'service' as const };
const forAnybody = { ...greet, permission: 'none' as const };

const tenantId = newId('tenant');
const principal = { id: newId('principal'), kind: 'user', name: 'Ada' };
const expiresAt = Date.now() + 60_000;
const reader: VerifiedContext = { issuer: 'auth', expiresAt, tenantId, principal, scopes: ['analytics:read'] };
const serviceContext = (issuer: VerifiedContext['issuer']): VerifiedContext => ({ issuer, expiresAt, tenantId });

/** One request through everything that stands before and after a handler. */
function request(from: VerifiedContext | undefined, incoming: Partial<Incoming> = {}) {
  const seen: { ctx?: RequestContext; request?: unknown; body: boolean } = { body: false };
  const lines: string[] = [];
  const metrics = new Registry();
  const tokens: ContextTokens = {
    sign: async () => '',
    verify: async (token) => {
      if (token !== 'valid' || !from) throw new ConclaveError('auth.unauthenticated');
      return from;
    },
  };
  const log = pino({}, { write: (line) => void lines.push(line) });
  const dispatcher = createDispatcher({
    service: 'metrics',
    tokens,
    log,
    metrics,
    policies: { judged: async (_contract, ctx) => ctx },
  });
  const run = (to: Contract = greet, work: () => unknown = () => ({ greeting: 'hi' })) =>
    dispatcher.dispatch(
      to,
      {
        token: 'valid',
        deadline: String(Date.now() + 1_000),
        idempotencyKey: undefined,
        trace: ROOT_CONTEXT,
        body: () => {
          seen.body = true;
          return { name: 'Ada' };
        },
        ...incoming,
      },
      async (ctx, parsed) => {
        seen.ctx = ctx;
        seen.request = parsed;
        return work();
      },
    );
  return { run, seen, lines, metrics };
}

describe('what stands before a handler', () => {
  it('hands it who asks, until when, and the request with its defaults', async () => {
    const { run, seen } = request(reader, { idempotencyKey: 'key-1' });
    await run();
    expect(seen.request).toEqual({ name: 'Ada', times: 1 });
    expect(seen.ctx).toMatchObject({ tenantId, actor: principal.id, principal, idempotencyKey: 'key-1' });
    expect([...seen.ctx!.scopes]).toEqual(['analytics:read']);
    expect(seen.ctx!.service).toBeUndefined();
  });

  it('refuses a request whose deadline has passed, whoever sends it', async () => {
    const { run, seen } = request(reader, { deadline: String(Date.now() - 1) });
    await expect(run()).rejects.toMatchObject({ code: 'request.deadline' });
    expect(seen).toEqual({ body: false });
  });

  it.each(['0', '-1', 'soon', '1.5', ' '])('refuses the deadline %j, which is no point in time', async (deadline) => {
    await expect(request(reader, { deadline }).run()).rejects.toMatchObject({ code: 'request.invalid' });
  });

  it('gives a request without a deadline the time its contract allows', async () => {
    const { run, seen } = request(reader, { deadline: undefined });
    const before = Date.now();
    await run({ ...greet, timeoutMs: 700 });
    expect(seen.ctx!.deadlineAt - before).toBeGreaterThanOrEqual(700);
    expect(seen.ctx!.deadlineAt - before).toBeLessThan(4_000);
  });

  it.each([undefined, '', 'forged'])('refuses the context token %j', async (token) => {
    const { run, seen } = request(reader, { token });
    await expect(run()).rejects.toMatchObject({ code: 'auth.unauthenticated' });
    expect(seen).toEqual({ body: false });
  });

  it('refuses a principal without the permission, names it, and does not look at the body', async () => {
    const { run, seen } = request({ ...reader, scopes: ['run:read', 'run:create'] });
    await expect(run()).rejects.toMatchObject({ code: 'auth.forbidden', params: { permission: 'analytics:read' } });
    expect(seen).toEqual({ body: false });
  });

  it.each(contracts.map((one) => [one.subject, one] as const))('%s is closed to all but its own', async (_, one) => {
    const codeOf = async (from: VerifiedContext | undefined) => {
      const { run, seen } = request(from);
      const code = await run(one).then(
        () => 'done',
        (error: ConclaveError) => error.code,
      );
      return seen.body ? 'body read' : code;
    };
    const others = permissions.filter((permission) => permission !== one.permission);
    expect(await codeOf(undefined)).toBe('auth.unauthenticated');
    if (one.permission !== 'none') expect(await codeOf({ ...reader, scopes: others })).toBe('auth.forbidden');
    for (const issuer of serviceNames.filter((name) => !one.callers.includes(name)))
      expect([issuer, await codeOf(serviceContext(issuer))]).toEqual([issuer, 'auth.forbidden']);
    if (one.permission !== 'service') expect(await codeOf(serviceContext('gateway'))).toBe('auth.forbidden');
  });

  it('refuses a principal without any scopes', async () => {
    const { scopes: _, ...without } = reader;
    await expect(request(without).run()).rejects.toMatchObject({ code: 'auth.forbidden' });
  });

  it('keeps principals away from what is for services', async () => {
    await expect(request(reader).run(forServices)).rejects.toMatchObject({ code: 'auth.forbidden' });
  });

  it('lets every principal have what needs no permission', async () => {
    await expect(request({ ...reader, scopes: [] }).run(forAnybody)).resolves.toEqual({ greeting: 'hi' });
  });

  it('admits a service that is a caller of the contract, as itself or for whom it works', async () => {
    const own = request(serviceContext('runtime'));
    await own.run();
    expect(own.seen.ctx).toMatchObject({ tenantId, actor: 'service:runtime', service: 'runtime' });
    const deputy = request({ ...serviceContext('runtime'), onBehalfOf: principal.id });
    await deputy.run(forServices);
    expect(deputy.seen.ctx).toMatchObject({ actor: principal.id, service: 'runtime' });
    expect(deputy.seen.ctx!.principal).toBeUndefined();
  });

  it.each([
    ['the role', {}, greet, 'role:viewer'],
    ['an emergency', { emergency: ['analytics:read' as const] }, greet, 'break-glass'],
    ['being signed in', {}, forAnybody, 'anybody'],
    ['operating the platform', {}, { ...greet, permission: 'platform:operate' as const }, 'operators'],
  ])('says that %s permitted it, by which version', async (_, more, to, by) => {
    const basis = { bundle: '7+0', by: 'role:viewer', ...more };
    const { run, seen } = request({ ...reader, scopes: ['analytics:read', 'platform:operate'], basis });
    await run(to);
    expect(seen.ctx!.verdict).toEqual({ bundle: '7+0', by: [by] });
  });

  it('says of a service’s act what was decided over the principal’s that it tells of, and nothing of its own', async () => {
    const verdict = { bundle: '7+0', by: ['policy:mine'] };
    const teller = request({ ...serviceContext('runtime'), onBehalfOf: principal.id, verdict });
    await teller.run(forServices);
    expect(teller.seen.ctx!.verdict).toEqual(verdict);
    for (const from of [serviceContext('runtime'), reader, { ...reader, verdict }]) {
      const { run, seen } = request(from);
      await run();
      expect(seen.ctx!.verdict).toBeUndefined();
    }
  });

  it('refuses a service that is not', async () => {
    await expect(request(serviceContext('audit')).run()).rejects.toMatchObject({ code: 'auth.forbidden' });
    await expect(request(serviceContext('audit')).run(forServices)).rejects.toMatchObject({ code: 'auth.forbidden' });
  });

  it('refuses the edge acting by itself where a person’s permission is asked for', async () => {
    await expect(request(serviceContext('gateway')).run()).rejects.toMatchObject({ code: 'auth.forbidden' });
    await expect(request(serviceContext('gateway')).run(forServices)).resolves.toBeDefined();
  });

  it('gives a service no scopes, whatever its context claims', async () => {
    const { run, seen } = request({ ...serviceContext('runtime'), scopes: ['workspace:manage'] });
    await run();
    expect([...seen.ctx!.scopes]).toEqual([]);
  });

  it('lists what is wrong with a request, by path', async () => {
    const { run, seen } = request(reader, { body: () => ({ name: 'A', times: 1.5, surprise: true }) });
    const refusal = (await run().catch((error: unknown) => error)) as ConclaveError;
    expect(refusal.code).toBe('request.invalid');
    const { issues } = refusal.params as { issues: { path: string; message: string }[] };
    expect(issues.map(({ path }) => path).sort()).toEqual(['', 'name', 'times']);
    for (const { message } of issues) expect(message.length).toBeGreaterThan(5);
    expect(seen.request).toBeUndefined();
  });

  it('lists at most twenty issues', async () => {
    const many = { ...greet, request: z.array(z.string()) };
    const { run } = request(reader, { body: () => Array.from({ length: 500 }, () => 1) });
    const refusal = (await run(many).catch((error: unknown) => error)) as ConclaveError;
    expect((refusal.params as { issues: unknown[] }).issues).toHaveLength(20);
  });
});

describe('what stands after a handler', () => {
  const failing = (): never => {
    throw new TypeError('password of the database is hunter2');
  };

  it('passes refusals on as they are', async () => {
    const refuse = (): never => {
      throw new ConclaveError('request.idempotency-mismatch', { hint: 1 });
    };
    const { run, lines } = request(reader);
    await expect(run(greet, refuse)).rejects.toMatchObject({
      code: 'request.idempotency-mismatch',
      params: { hint: 1 },
    });
    expect(lines).toEqual([]);
  });

  it('turns anything else into service.internal: its message is for our log alone', async () => {
    const { run, lines } = request(reader);
    const refusal = (await run(greet, failing).catch((error: unknown) => error)) as ConclaveError;
    expect(refusal.code).toBe('service.internal');
    expect(JSON.stringify([refusal.message, refusal.params])).not.toContain('hunter2');
    expect(refusal.params['traceId']).toMatch(/^[0-9a-f]{32}$/);
    expect(lines.join('')).toContain('hunter2');
  });

  it('passes on that another service is not set up for us, and says why to our log alone', async () => {
    const { run, lines } = request(reader);
    const refuse = (): never => {
      const cause = new Error('KMS answered: no such key arn:secret');
      throw new ConclaveError('service.misconfigured', { service: 'kms', reason: 'key' }, { cause });
    };
    const refusal = (await run(greet, refuse).catch((error: unknown) => error)) as ConclaveError;
    expect(refusal).toMatchObject({ code: 'service.misconfigured', params: { service: 'kms', reason: 'key' } });
    expect(JSON.stringify([refusal.message, refusal.params])).not.toContain('arn:secret');
    expect(lines.join('')).toContain('arn:secret');
  });

  it('measures every request by contract and result', async () => {
    const { run, metrics } = request(reader);
    await run();
    await run(greet, failing).catch(() => undefined);
    const text = await metrics.metrics();
    expect(text).toMatch(/conclave_request_duration_seconds_count\{subject="metrics.v1.greeting.get",code="ok"\} 1/);
    expect(text).toMatch(/subject="metrics.v1.greeting.get",code="service.internal"\} 1/);
    expect(text).not.toContain(tenantId);
  });
});
