import { ConclaveError, type Contract } from '@conclave/contracts';
import { deadlineOf, wireHeaders } from '@conclave/nest-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** On what terms a caller waits for an answer. */
export interface CallTerms {
  /** Epoch milliseconds: the contract's own limit, or what the client says if that is sooner. */
  readonly deadlineAt: number;
  readonly idempotencyKey?: string;
  /** Aborted when the client hangs up before it got its answer. */
  readonly gone: AbortSignal;
}

/** @throws ConclaveError `request.deadline` | `request.invalid` | `request.idempotency-key` */
export function callTerms(contract: Contract, request: FastifyRequest, reply: FastifyReply): CallTerms {
  const latest = Date.now() + contract.timeoutMs;
  const deadlineAt = Math.min(latest, deadlineOf(request.headers[wireHeaders.deadline]?.toString()) ?? latest);
  if (deadlineAt <= Date.now()) throw new ConclaveError('request.deadline');
  const idempotencyKey = request.headers['idempotency-key']?.toString();
  if (idempotencyKey !== undefined && !/^[\x21-\x7e]{1,200}$/.test(idempotencyKey))
    throw new ConclaveError('request.idempotency-key');
  return { deadlineAt, ...(idempotencyKey === undefined ? {} : { idempotencyKey }), gone: hangUpSignal(reply) };
}

function hangUpSignal({ raw }: FastifyReply): AbortSignal {
  const hangUp = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) hangUp.abort();
  });
  return hangUp.signal;
}
