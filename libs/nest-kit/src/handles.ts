import { SetMetadata } from '@nestjs/common';
import type { Contract, ReplyOf, RequestOf } from '@conclave/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestContext } from './request-context.js';

export const CONTRACT = 'conclave:contract';

export type RpcHandler<C extends Contract = Contract> = (
  ctx: RequestContext,
  request: RequestOf<C>,
) => Promise<ReplyOf<C>>;
/** A streaming handler writes the response itself. */
export type StreamHandler<C extends Contract = Contract> = (
  ctx: RequestContext,
  request: RequestOf<C>,
  http: HttpExchange,
) => Promise<unknown>;

export interface HttpExchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

type HandlerOf<C extends Contract> = C['transport'] extends 'stream' ? StreamHandler<C> : RpcHandler<C>;

/**
 * Binds a controller's method to a contract: it is then served over NATS (or, for streams, on the internal HTTP
 * listener), with token, deadline, permission and schema checked before it runs. A method whose request or reply does
 * not fit the contract does not compile.
 */
export function Handles<C extends Contract>(contract: C) {
  return <M extends HandlerOf<C>>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<M>,
  ): void => {
    SetMetadata(CONTRACT, contract)(target, key, descriptor);
  };
}
