import { ConclaveError, type ReplyOf, type RequestOf, type auth } from '@conclave/contracts';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { Authenticator, type Grant } from '../credentials/authenticator.js';
import { SignOutAtProvider } from '../provider-logouts/sign-out-at-provider.js';
import { endSignIns } from './end-sign-ins.js';
import { lockSignIn } from './postgres-sign-ins.js';
import type { SignInEntity } from './sign-in.entity.js';

/**
 * Ends a sign-in, here first and for good; then the browser may go and end it at the provider that vouched, too. One that
 * is unknown or over is not an error: whoever signs out gets what they want.
 */
@Injectable()
export class EndSignIn {
  constructor(
    private readonly db: Database,
    private readonly authenticator: Authenticator,
    private readonly atProvider: SignOutAtProvider,
  ) {}

  async run({ secret }: RequestOf<typeof auth.endSignIn>): Promise<ReplyOf<typeof auth.endSignIn>> {
    const grant = await this.authenticator.signIn(secret).catch(ignoreUnauthenticated);
    if (!grant) return { ended: false };
    const signIn = await this.end(grant);
    const provider = signIn && (await this.atProvider.begin(signIn));
    return { ended: signIn !== undefined, ...(provider ? { provider } : {}) };
  }

  /** The sign-in that ended by it. */
  private end({ tenantId, principal, credentialId }: Grant): Promise<SignInEntity | undefined> {
    return this.db.tx({ tenantId, actor: principal.id }, async (tx) => {
      const signIn = await lockSignIn(tx, tenantId, credentialId);
      await endSignIns(tx, tenantId, { id: credentialId }, new Date());
      return signIn;
    });
  }
}

function ignoreUnauthenticated(error: unknown): undefined {
  if (!(error instanceof ConclaveError) || error.code !== 'auth.unauthenticated') throw error;
}
