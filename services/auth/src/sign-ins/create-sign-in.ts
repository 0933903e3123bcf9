import type { RequestOf, auth } from '@conclave/contracts';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { Authenticator } from '../credentials/authenticator.js';
import { OpenSignIn, type OpenedSignIn } from './open-sign-in.js';

/** Opens a browser's sign-in with an API key; it ends with the key at the latest. */
@Injectable()
export class CreateSignIn {
  constructor(
    private readonly db: Database,
    private readonly authenticator: Authenticator,
    private readonly openSignIn: OpenSignIn,
  ) {}

  /** @throws ConclaveError `auth.unauthenticated` */
  async run({ apiKey, address }: RequestOf<typeof auth.createSignIn>): Promise<OpenedSignIn> {
    const { tenantId, workspaceId, principal, credentialId, expiresAt } = await this.authenticator.apiKey(
      apiKey,
      address,
    );
    const who = { tenantId, workspaceId, principalId: principal.id, apiKeyId: credentialId, expiresAt, address };
    return this.db.tx({ tenantId, actor: principal.id }, (tx) =>
      this.openSignIn.run(tx, { ...who, method: 'api-key', factors: ['key'] }),
    );
  }
}
