import { ConclaveError, auth, type Contract } from '@conclave/contracts';
import { parseRequest, type Kit } from '@conclave/nest-kit';
import type { FastifyInstance } from 'fastify';
import type { Credentials } from './credentials.js';
import type { Door } from './door.js';
import type { RateLimits } from './rate-limits.js';
import { readJson } from './request-input.js';
import type { SignInCookie } from './sign-in-cookie.js';

/** A key and its quotes, amply: nobody has proven anything yet, so nobody gets more read. */
const KEY_LIMIT_BYTES = 4_096;

export interface SignInParts {
  readonly kit: Kit;
  readonly door: Door;
  readonly credentials: Credentials;
  readonly limits: RateLimits;
  readonly cookie: SignInCookie;
}

/** Signing in with a key in the browser: the edge keeps the secret in a cookie no page can read. */
export function registerSignIns(
  fastify: FastifyInstance,
  { kit, door, credentials, limits, cookie }: SignInParts,
): void {
  fastify.post('/v1/sign-ins', async (request, reply) => {
    await limits.countAddress(request);
    const input = parseRequest(auth.createSignIn, await readJson(request, KEY_LIMIT_BYTES)) as { apiKey: string };
    const { secret, csrf, expiresAt } = await kit.rpc.callAsService(auth.createSignIn, {}, input);
    cookie.set(request, reply, secret, new Date(expiresAt));
    return reply.status(201).header('cache-control', 'no-store').send({ csrf, expiresAt });
  });

  fastify.get('/v1/sign-ins/current', async (request, reply) => {
    if (door.credentialOf(request)?.kind !== 'sign-in') throw new ConclaveError('auth.unauthenticated');
    const { csrf } = await door.admit(ANYONE, request, reply);
    return reply.header('cache-control', 'no-store').send({ csrf });
  });

  fastify.delete('/v1/sign-ins/current', async (request, reply) => {
    const credential = door.credentialOf(request);
    if (credential?.kind !== 'sign-in') throw new ConclaveError('auth.unauthenticated');
    await door.admit(ANYONE, request, reply);
    await kit.rpc.callAsService(auth.endSignIn, {}, { secret: credential.secret });
    credentials.forget(credential);
    cookie.clear(request, reply);
    return reply.status(204).send();
  });
}

const ANYONE: Contract['permission'] = 'none';
