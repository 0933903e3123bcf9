/** Second factors that a browser shows: each lets its sign-in go on in another cookie. */
import { ConclaveError, mfa, type Contract, type ReplyOf } from '@conclave/contracts';
import { parseRequest } from '@conclave/nest-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readJson } from './request-input.js';
import { ANYONE_AT_ALL, letIn, type SignInParts } from './sign-ins.js';

/** A passkey's answer, amply. */
const LIMIT_BYTES = 20_480;

/** What a page sends; the secret is in its cookie. */
export const proofContract = { ...mfa.stepUp, request: mfa.proof };
export const totpContract = { ...mfa.addTotp, request: mfa.addTotp.request.omit({ secret: true }) };

export function registerStepUp(
  fastify: FastifyInstance,
  { kit, door, credentials, cookie }: Omit<SignInParts, 'limits'>,
): void {
  const route = (path: string, asked: Contract, ask: (secret: string, input: never) => Promise<Proven>): void => {
    fastify.post(path, async (request: FastifyRequest, reply: FastifyReply) => {
      const { credential } = await door.admit(ANYONE_AT_ALL, request, reply);
      if (credential.kind !== 'sign-in') throw new ConclaveError('auth.unauthenticated');
      const input = parseRequest(asked, await readJson(request, LIMIT_BYTES)) as never;
      const { recoveryCodes, ...opened } = await ask(credential.secret, input);
      credentials.forget(credential);
      const { csrf, expiresAt } = letIn(cookie, request, reply, opened);
      return { csrf, expiresAt, ...(recoveryCodes ? { recoveryCodes } : {}) };
    });
  };
  route('/v1/sign-ins/current/step-up', proofContract, (secret, proof) =>
    kit.rpc.callAsService(mfa.stepUp, {}, { secret, proof }),
  );
  route('/v1/mfa/totp', totpContract, (secret, input: { readonly code: string }) =>
    kit.rpc.callAsService(mfa.addTotp, {}, { secret, ...input }),
  );
}

type Proven = ReplyOf<typeof mfa.addTotp>;
