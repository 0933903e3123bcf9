import type { ReplyOf, RequestOf, mfa } from '@conclave/contracts';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { Authenticator } from '../credentials/authenticator.js';
import { AuthenticatorApps } from './authenticator-apps.js';
import { ConfirmTotp } from './confirm-totp.js';
import { underSignIn } from './step-up.js';

/** Ends adding an authenticator app, under the secret of a sign-in. */
@Injectable()
export class AddTotp {
  constructor(
    private readonly db: Database,
    private readonly authenticator: Authenticator,
    private readonly apps: AuthenticatorApps,
    private readonly confirmTotp: ConfirmTotp,
  ) {}

  /** @throws ConclaveError as `ConfirmTotp`, and `auth.unauthenticated` | `auth.second-factor.*` */
  async run({ secret, code }: RequestOf<typeof mfa.addTotp>): Promise<ReplyOf<typeof mfa.addTotp>> {
    const grant = await this.authenticator.signIn(secret);
    const { tenantId, principal } = grant;
    const app = await this.apps.onItsWay({ tenantId, actor: principal.id }, { tenantId, principalId: principal.id });
    return underSignIn(this.db, grant, (tx) => this.confirmTotp.run(tx, grant, app, code));
  }
}
