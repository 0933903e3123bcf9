/** One way out for every refusal: RFC 9457 problem documents with a stable code, whoever found the fault. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { ConclaveError, problemOf } from '@conclave/contracts';
import { challengeOf } from './challenges.js';
import { JSON_TYPE } from './request-input.js';
import { toConclaveError } from '@conclave/nest-kit';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The media type the route's body has; JSON unless told. */
    accepts?: string;
  }
}

const PROBLEM = 'application/problem+json; charset=utf-8';
/** A client that is still sending gets this long to notice the refusal; then the connection is cut. */
const LINGER_MS = 5_000;

/** Where faults of ours are told, and the address people use. */
export interface Reporter {
  readonly log: Logger;
  readonly publicUrl: string | undefined;
}

/** Answers with the refusal that stands for what was thrown. */
export function sendProblem(
  { log, publicUrl }: Reporter,
  request: FastifyRequest,
  reply: FastifyReply,
  thrown: unknown,
): void {
  const error = refusalOf(thrown, request);
  if (reply.raw.destroyed || request.raw.socket.destroyed) return void reply.hijack();
  if (error.code === 'service.internal')
    log.error({ err: thrown, requestId: request.id, path: request.url.split('?', 1)[0] }, 'request failed');
  const challenge = challengeOf(error, publicUrl);
  if (challenge !== undefined) reply.header('www-authenticate', challenge);
  if (typeof error.params['retryAfterS'] === 'number') reply.header('retry-after', error.params['retryAfterS']);
  const problem = problemOf(error);
  const traced = problem.status >= 500 ? { requestId: request.id } : {};
  takeTheRest(request);
  void reply
    .status(problem.status)
    .type(PROBLEM)
    .send(JSON.stringify({ ...problem, ...traced }));
}

/** Fastify's own refusals carry a status; they are the client's faults, everything else unknown is ours. */
function refusalOf(thrown: unknown, { routeOptions }: FastifyRequest): ConclaveError {
  const { statusCode, code } = thrown as Partial<FastifyError>;
  if (thrown instanceof ConclaveError || statusCode === undefined || statusCode >= 500) return toConclaveError(thrown);
  if (statusCode === 415)
    return new ConclaveError('request.media-type', { accepted: [routeOptions.config.accepts ?? JSON_TYPE] });
  if (statusCode === 413) return new ConclaveError('request.too-large');
  return new ConclaveError('request.malformed', { reason: code ?? 'not acceptable' });
}

/** Reads on while an early answer travels: closing a socket with unread bytes would destroy the answer on its way. */
export function takeTheRest({ raw }: FastifyRequest): void {
  if (raw.complete) return;
  // A listener keeps the bytes flowing also once an interrupted reader has let go of the stream.
  raw.on('data', () => undefined).resume();
  setTimeout(() => {
    if (!raw.complete) raw.socket.destroy();
  }, LINGER_MS).unref();
}

/** Has what is no HTTP request at all, or one with too many headers, answered in the same form. */
export function answerBrokenRequests(fastify: FastifyInstance): void {
  fastify.server.removeAllListeners('clientError');
  fastify.server.on('clientError', (error: Error & { code?: string }, socket: Socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const status = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }[error.code ?? ''] ?? 400;
    const problem = problemOf(new ConclaveError('request.malformed', { reason: error.code ?? 'not HTTP' }));
    const body = JSON.stringify({ ...problem, status });
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: ${PROBLEM}\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
  });
}
