import { ConclaveError, type RequestOf, type passkeys } from '@conclave/contracts';
import { Database, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { FailedAttempts } from '../credentials/failed-attempts.js';
import { OpenSignIn, type OpenedSignIn } from '../sign-ins/open-sign-in.js';
import type { Assertion } from './ceremonies.js';
import { lockCredential, tenantOfPasskey } from './postgres-passkeys.js';
import { PASSKEY_FACTORS, ShownPasskey } from './shown-passkey.js';

/** Opens a sign-in for whoever holds a passkey; nobody has to say first who they are. */
@Injectable()
export class SignInWithPasskey {
  constructor(
    private readonly db: Database,
    private readonly shownPasskey: ShownPasskey,
    private readonly openSignIn: OpenSignIn,
    private readonly failed: FailedAttempts,
  ) {}

  /** @throws ConclaveError `auth.unauthenticated`, whatever is wrong, and `auth.passkeys-unavailable` */
  async run({
    passkey: assertion,
    workspace,
    address,
  }: RequestOf<typeof passkeys.signInWithPasskey>): Promise<OpenedSignIn> {
    const credentialId = Buffer.from(assertion.id, 'base64url');
    const tenantId = await this.db.system((tx) => tenantOfPasskey(tx, credentialId));
    const key =
      tenantId &&
      (await this.db.tx({ tenantId, actor: 'service:auth' }, (tx) => lockCredential(tx, tenantId, credentialId)));
    if (!tenantId || !key) {
      this.failed.note({ method: 'passkey', reason: 'unknown' });
      throw new ConclaveError('auth.unauthenticated');
    }
    try {
      return await this.db.tx({ tenantId, actor: key.principal_id }, (tx) =>
        this.open(tx, { tenantId, assertion, workspaceId: workspace, address }),
      );
    } catch (error) {
      const refused = error instanceof ConclaveError && error.code === 'auth.passkey.refused';
      if (!refused) throw error;
      const { id: credential, principal_id: principal } = key;
      this.failed.note({ method: 'passkey', tenantId, reason: 'wrong', credential, principal, address });
      throw new ConclaveError('auth.unauthenticated', {}, { cause: error });
    }
  }

  private async open(
    tx: Tx,
    at: { tenantId: string; assertion: Assertion; workspaceId: string | undefined; address: string | undefined },
  ): Promise<OpenedSignIn> {
    const { tenantId, assertion, workspaceId, address } = at;
    const key = await this.shownPasskey.take(tx, tenantId, assertion);
    const who = {
      tenantId,
      principalId: key.principal_id,
      workspaceId,
      passkeyId: key.id,
      provenAt: new Date(),
      address,
    };
    return this.openSignIn.run(tx, { ...who, method: 'passkey', factors: PASSKEY_FACTORS });
  }
}
