/** A small service to test the kit with: `metrics` under another set of contracts. */
import { Controller, Module } from '@nestjs/common';
import { ConclaveError, contract, newId, type RequestOf } from '@conclave/contracts';
import { z } from 'zod';
import type { ContextClaims } from '../context-token.js';
import { Handles, type HttpExchange } from '../handles.js';
import type { RequestContext } from '../request-context.js';

const greeting = {
  owner: 'metrics',
  permission: 'analytics:read',
  callers: ['gateway', 'runtime'],
  timeoutMs: 3_000,
} as const;

/** `mood` decides what happens: an answer, a slow one, a refusal, a fault, one that is too large, or one out of shape. */
export const greet = contract({
  ...greeting,
  subject: 'metrics.v1.greeting.get',
  request: z.strictObject({
    name: z.string().min(1),
    mood: z.enum(['kind', 'slow', 'refusing', 'broken', 'talkative', 'shapeless']).default('kind'),
  }),
  reply: z.object({ greeting: z.string(), tenantId: z.string(), actor: z.string() }),
});

export const follow = contract({
  ...greeting,
  subject: 'metrics.v1.greeting.follow',
  transport: 'stream',
  request: z.strictObject({ name: z.string().min(1), count: z.coerce.number().int().default(1) }),
  reply: z.object({ greeting: z.string() }),
  http: { method: 'GET', path: '/v1/greetings/{name}', summary: 'Follow', tag: 'greetings', stability: 'beta' },
});

/** What the handlers were called with, and what a slow one waits for. */
export const calls: { contexts: RequestContext[]; gate: PromiseWithResolvers<void> } = {
  contexts: [],
  gate: Promise.withResolvers(),
};

@Controller()
export class GreetingController {
  @Handles(greet)
  async greet(ctx: RequestContext, { name, mood }: RequestOf<typeof greet>) {
    calls.contexts.push(ctx);
    if (mood === 'slow') await calls.gate.promise;
    if (mood === 'refusing') throw new ConclaveError('request.idempotency-mismatch', { name });
    if (mood === 'broken') throw new TypeError('the password is hunter2');
    if (mood === 'shapeless') return { greeting: 7 } as never;
    const text = mood === 'talkative' ? 'x'.repeat(1_000_001) : `Hello ${name}`;
    return { greeting: text, tenantId: ctx.tenantId, actor: ctx.actor };
  }

  @Handles(follow)
  async follow(_ctx: RequestContext, { name, count }: RequestOf<typeof follow>, { reply }: HttpExchange) {
    if (name === 'nobody') throw new ConclaveError('route.unknown', { name });
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let i = 0; i < count; i++) reply.raw.write(`data: Hello ${name}\n\n`);
    if (name === 'forever') await new Promise((resolve) => reply.raw.once('close', resolve));
    reply.raw.end();
  }
}

@Module({ controllers: [GreetingController] })
export class GreetingModule {}

export const ada: ContextClaims & { tenantId: string } = {
  tenantId: newId('tenant'),
  principal: { id: newId('principal'), kind: 'user', name: 'Ada' },
  scopes: ['analytics:read'],
};
