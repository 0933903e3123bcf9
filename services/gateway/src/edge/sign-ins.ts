import {
  ConclaveError,
  auth,
  connections,
  invitations,
  passkeys,
  signIns,
  type Contract,
  type ReplyOf,
  type RequestOf,
} from '@conclave/contracts';
import { parseRequest, type Kit, type Terms } from '@conclave/nest-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Credentials } from './credentials.js';
import type { Door } from './door.js';
import { noteDevice } from './note-device.js';
import type { RateLimits } from './rate-limits.js';
import { readJson } from './request-input.js';
import type { SignInCookie } from './sign-in-cookie.js';

/** A passkey's answer, amply: nobody has proven anything yet, so nobody gets more read. */
const LIMIT_BYTES = 20_480;

/** What people prove themselves with, by the member of the body that holds it. */
const ways = {
  apiKey: auth.createSignIn,
  passkey: passkeys.signInWithPasskey,
  link: invitations.acceptLink,
} as const;

/** The same as a page asks: where it comes from is not its to say. */
export const waysIn = {
  apiKey: { ...auth.createSignIn, request: auth.createSignIn.request.omit({ address: true }) },
  passkey: { ...passkeys.signInWithPasskey, request: passkeys.signInWithPasskey.request.omit({ address: true }) },
  link: { ...invitations.acceptLink, request: invitations.acceptLink.request.omit({ address: true }) },
} as const;

/** What is asked before anybody is known. */
export const askedOutside = {
  '/v1/sign-ins/challenges': passkeys.challengeSignIn,
  '/v1/links/open': invitations.openLink,
  '/v1/sign-in-options': connections.listSignInOptions,
} as const;

export interface SignInParts {
  readonly kit: Kit;
  readonly door: Door;
  readonly credentials: Credentials;
  readonly limits: RateLimits;
  readonly cookie: SignInCookie;
}

/** Signing in with a browser: the edge keeps the secret in a cookie no page can read. */
export function registerSignIns(
  fastify: FastifyInstance,
  { kit, door, credentials, limits, cookie }: SignInParts,
): void {
  for (const [path, contract] of Object.entries<Contract>(askedOutside))
    fastify.post(path, async (request, reply) => {
      await limits.countAddress(request);
      const input = parseRequest(contract, await readJson(request, LIMIT_BYTES));
      reply.header('cache-control', 'no-store');
      return kit.rpc.callAsService<Contract>(contract, {}, input);
    });

  fastify.post('/v1/sign-ins', async (request, reply) => {
    await limits.countAddress(request);
    const body = await readJson(request, LIMIT_BYTES);
    const way = wayOf(body);
    const asked = parseRequest(waysIn[way], body) as { readonly apiKey?: string };
    if (asked.apiKey !== undefined)
      await door.refuseElsewhere(await door.callerOf({ kind: 'api-key', secret: asked.apiKey }, request), request);
    const opened = await kit.rpc.callAsService<Contract>(
      ways[way],
      {},
      { ...asked, address: limits.addressOf(request) },
    );
    await noteDevice({ kit, cookie }, request, reply, (opened as OpenedSignIn).secret);
    const { csrf, expiresAt } = letIn(cookie, request, reply, opened as OpenedSignIn);
    return reply.status(201).send({ csrf, expiresAt });
  });

  fastify.get('/v1/sign-ins/current', { exposeHeadRoute: false }, async (request, reply) => {
    const { csrf, context } = await door.admit(ANYONE_AT_ALL, request, reply);
    if (csrf === undefined) throw new ConclaveError('auth.unauthenticated');
    const pending = context.signIn?.withheld ? { secondFactor: context.signIn.factors } : {};
    return reply.header('cache-control', 'no-store').send({ csrf, ...pending });
  });

  fastify.patch('/v1/sign-ins/current', async (request, reply) => {
    const { credential } = await door.admit(ANYONE, request, reply);
    if (credential.kind !== 'sign-in') throw new ConclaveError('auth.unauthenticated');
    const { workspace } = parseRequest(move, await readJson(request, LIMIT_BYTES)) as RequestOf<typeof move>;
    const terms = { secret: credential.secret, workspace };
    const opened = await kit.rpc.callAsService(signIns.moveSignIn, {}, terms);
    credentials.forget(credential);
    const { csrf, expiresAt } = letIn(cookie, request, reply, opened);
    return { csrf, expiresAt };
  });

  fastify.delete('/v1/sign-ins/current', async (request, reply) => {
    const { credential } = await door.admit(ANYONE_AT_ALL, request, reply);
    if (credential.kind !== 'sign-in') throw new ConclaveError('auth.unauthenticated');
    const { provider } = await kit.rpc.callAsService(auth.endSignIn, {}, { secret: credential.secret });
    credentials.forget(credential);
    cookie.clear(request, reply);
    if (!provider) return reply.status(204).send();
    cookie.setFlow(request, reply, provider.flow, new Date(provider.expiresAt));
    return reply.header('cache-control', 'no-store').send({ location: provider.location });
  });
}

export type OpenedSignIn = ReplyOf<typeof auth.createSignIn>;

/**
 * Puts a sign-in into the browser. A page that was led here by another site finds its word for writes with
 * GET /v1/sign-ins/current, after one hop within this site: before that the browser keeps the cookie to itself.
 */
export function letIn(
  cookie: SignInCookie,
  request: FastifyRequest,
  reply: FastifyReply,
  opened: OpenedSignIn,
): OpenedSignIn {
  cookie.set(request, reply, opened.secret, new Date(opened.expiresAt));
  reply.header('cache-control', 'no-store');
  return opened;
}

type Way = keyof typeof ways;

const wayOf = (body: unknown): Way =>
  (Object.keys(ways) as Way[]).find((member) => isObject(body) && Object.hasOwn(body, member)) ?? 'apiKey';

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** What a page says of a move; the secret is in its cookie. */
export const move = { ...signIns.moveSignIn, request: signIns.moveSignIn.request.omit({ secret: true }) };

const ANYONE: Terms = { permission: 'none' };
/** Also who has to show a second factor yet. */
export const ANYONE_AT_ALL: Terms = { permission: 'none', whilePending: 'always' };
