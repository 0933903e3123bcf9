/**
 * WebSocket handshakes (RFC 6455, 4.1) go through the same routes, hooks and refusals as every other request. A handler
 * may take the connection over; one that does not has answered an ordinary request, as RFC 9110, 7.8 allows, and the
 * connection ends with its answer.
 */
import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** A connection that HTTP has let go of. */
export interface Upgrade {
  readonly socket: Duplex;
  /** What the client has sent after its handshake already. */
  readonly head: Buffer;
}

const offered = new WeakMap<IncomingMessage, Upgrade>();

/** Whether a request can be answered with 101; else its wish for another protocol is not heeded. */
export const isHandshake = ({ method, headers }: IncomingMessage): boolean =>
  method === 'GET' &&
  headers.upgrade?.toLowerCase() === 'websocket' &&
  headers['sec-websocket-version'] === '13' &&
  /^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '');

/** @returns what destroys the connections that were taken over and still stand */
export function routeUpgrades({ server }: FastifyInstance): () => void {
  const open = new Set<Duplex>();
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    // Until somebody takes it over, whoever hangs up is nobody's fault.
    socket.on('error', () => socket.destroy());
    if (isHandshake(request)) offered.set(request, { socket, head });
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    // Not `end`: the client would keep its half open as long as it likes.
    response.once('finish', () => socket.destroySoon());
    server.emit('request', request, response);
  });
  return () => open.forEach((socket) => socket.destroy());
}

/** Whether the request is a handshake whose connection can be taken over. */
export const offersUpgrade = ({ raw }: FastifyRequest): boolean => offered.has(raw);

/** Takes the connection of a handshake over: from now on nothing is answered by HTTP. */
export function takeUpgrade(request: FastifyRequest, reply: FastifyReply): Upgrade {
  const upgrade = offered.get(request.raw);
  if (!upgrade) throw new Error('the request offers no upgrade');
  offered.delete(request.raw);
  reply.hijack();
  reply.raw.detachSocket(upgrade.socket as Parameters<ServerResponse['detachSocket']>[0]);
  return upgrade;
}
