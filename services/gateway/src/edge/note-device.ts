import { ConclaveError, mails } from '@conclave/contracts';
import type { Kit } from '@conclave/nest-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SignInCookie } from './sign-in-cookie.js';

/** Says with which browser somebody has just signed in. They are signed in all the same when this cannot be said. */
export async function noteDevice(
  { kit, cookie }: { readonly kit: Kit; readonly cookie: SignInCookie },
  request: FastifyRequest,
  reply: FastifyReply,
  secret: string,
): Promise<void> {
  const known = cookie.readDevice(request);
  try {
    const asked = { secret, ...(known === undefined ? {} : { device: known }) };
    const { device } = await kit.rpc.callAsService(mails.noteDevice, {}, asked);
    if (device !== undefined) cookie.setDevice(request, reply, device);
  } catch (error) {
    if (!(error instanceof ConclaveError)) throw error;
    kit.log.warn({ code: error.code }, 'a browser was not noted');
  }
}
