import { ConclaveError, type ReplyOf, type RequestOf, type auth } from '@conclave/contracts';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { Authenticator, type Grant } from '../credentials/authenticator.js';
import { endSignIns } from './end-sign-ins.js';

/** Ends a sign-in. One that is unknown or over is not an error: whoever signs out gets what they want. */
@Injectable()
export class EndSignIn {
  constructor(
    private readonly db: Database,
    private readonly authenticator: Authenticator,
  ) {}

  async run({ secret }: RequestOf<typeof auth.endSignIn>): Promise<ReplyOf<typeof auth.endSignIn>> {
    const grant = await this.authenticator.signIn(secret).catch(ignoreUnauthenticated);
    return { ended: grant ? await this.end(grant) : false };
  }

  private end({ tenantId, principal, credentialId }: Grant): Promise<boolean> {
    return this.db.tx({ tenantId, actor: principal.id }, (tx) =>
      endSignIns(tx, tenantId, { id: credentialId }, new Date()),
    );
  }
}

function ignoreUnauthenticated(error: unknown): undefined {
  if (!(error instanceof ConclaveError) || error.code !== 'auth.unauthenticated') throw error;
}
