import { describe, expect, it } from '@jest/globals';
import { contract, type RequestOf } from '@conclave/contracts';
import { z } from 'zod';
import { CONTRACT, Handles, type HttpExchange } from './handles.js';
import type { RequestContext } from './request-context.js';

const greet = contract({
  owner: 'metrics',
  subject: 'metrics.v1.greeting.get',
  permission: 'analytics:read',
  request: z.strictObject({ name: z.string(), times: z.number().default(1) }),
  reply: z.object({ greeting: z.string() }),
});

const follow = contract({
  owner: 'metrics',
  subject: 'metrics.v1.greeting.follow',
  transport: 'stream',
  permission: 'analytics:read',
  request: z.strictObject({ name: z.string() }),
  reply: z.object({ greeting: z.string() }),
  http: { method: 'GET', path: '/v1/greetings/{name}', summary: 'Follow', tag: 'greetings', stability: 'beta' },
});

class Fitting {
  @Handles(greet)
  async greet(_ctx: RequestContext, { name, times }: RequestOf<typeof greet>) {
    return { greeting: name.repeat(times) };
  }

  @Handles(follow)
  async follow(_ctx: RequestContext, { name }: RequestOf<typeof follow>, { reply }: HttpExchange) {
    await reply.send(name);
  }
}

/** What must not compile; the build fails when it does. */
class Unfitting {
  // @ts-expect-error -- the reply lacks `greeting`
  @Handles(greet)
  async wrongReply(): Promise<{ salute: string }> {
    return { salute: 'hi' };
  }

  // @ts-expect-error -- the reply is missing
  @Handles(greet)
  async noReply(): Promise<void> {
    return;
  }

  // @ts-expect-error -- the contract's request has no `title`
  @Handles(greet)
  async wrongRequest(_ctx: RequestContext, request: { title: string }) {
    return { greeting: request.title };
  }

  // @ts-expect-error -- an operation over NATS has no HTTP exchange
  @Handles(greet)
  async wrongTransport(_ctx: RequestContext, { name }: RequestOf<typeof greet>, http: HttpExchange) {
    return { greeting: name + http.request.method };
  }

  // @ts-expect-error -- the reply must be promised
  @Handles(greet)
  notPromised(_ctx: RequestContext, { name }: RequestOf<typeof greet>) {
    return { greeting: name };
  }
}

const methodOf = (name: string): object => Object.getOwnPropertyDescriptor(Fitting.prototype, name)?.value as object;

describe('@Handles', () => {
  it('leaves the contract on the method, where the service finds it', () => {
    expect(Reflect.getMetadata(CONTRACT, methodOf('greet'))).toBe(greet);
    expect(Reflect.getMetadata(CONTRACT, methodOf('follow'))).toBe(follow);
    expect(Unfitting).toBeDefined();
  });
});
