import { ConclaveError, type RequestOf, type mfa } from '@conclave/contracts';
import { Database, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { Authenticator, type Grant } from '../credentials/authenticator.js';
import type { OpenedSignIn } from '../sign-ins/open-sign-in.js';
import { lockSignIn } from '../sign-ins/postgres-sign-ins.js';
import type { SignInEntity } from '../sign-ins/sign-in.entity.js';
import { GoOnProven, type Shown } from './go-on-proven.js';
import { SecondFactors } from './second-factors.js';

/** Takes a second factor of whoever is signed in. */
@Injectable()
export class StepUp {
  constructor(
    private readonly db: Database,
    private readonly authenticator: Authenticator,
    private readonly factors: SecondFactors,
    private readonly goOn: GoOnProven,
  ) {}

  /** @throws ConclaveError `auth.unauthenticated` | `auth.second-factor.*` | `auth.passkey.refused` | `auth.passkeys-unavailable` */
  async run({ secret, proof }: RequestOf<typeof mfa.stepUp>): Promise<OpenedSignIn> {
    const grant = await this.authenticator.signIn(secret);
    const take = await this.factors.reading(grant, proof);
    return underSignIn(this.db, grant, async (tx, signIn) => {
      const shown = await take(tx);
      return isShown(shown) ? this.goOn.run(tx, signIn, shown) : shown;
    });
  }
}

const isShown = (outcome: Shown | ConclaveError): outcome is Shown => !(outcome instanceof ConclaveError);

/** Works on the sign-in of a secret. A refusal that is returned is thrown after the commit. */
export async function underSignIn<T>(
  db: Database,
  { tenantId, credentialId, principal }: Grant,
  work: (tx: Tx, signIn: SignInEntity) => Promise<T | ConclaveError>,
): Promise<T> {
  const outcome = await db.tx({ tenantId, actor: principal.id }, async (tx) => {
    const signIn = await lockSignIn(tx, tenantId, credentialId);
    if (!signIn) throw new ConclaveError('auth.unauthenticated');
    return work(tx, signIn);
  });
  if (outcome instanceof ConclaveError) throw outcome;
  return outcome;
}
