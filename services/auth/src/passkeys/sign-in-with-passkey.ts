import { ConclaveError, type RequestOf, type passkeys } from '@conclave/contracts';
import { Database, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { OpenSignIn, type OpenedSignIn } from '../sign-ins/open-sign-in.js';
import { Ceremonies, type Assertion } from './ceremonies.js';
import { Challenges } from './challenges.js';
import { lockCredential, tenantOfPasskey, usedPasskey } from './postgres-passkeys.js';

/** What a passkey shows: that the device is theirs, and that they unlocked it. */
export const PASSKEY_FACTORS: readonly string[] = ['passkey', 'user-verification'];

/** Opens a sign-in for whoever holds a passkey; nobody has to say first who they are. */
@Injectable()
export class SignInWithPasskey {
  constructor(
    private readonly db: Database,
    private readonly ceremonies: Ceremonies,
    private readonly challenges: Challenges,
    private readonly openSignIn: OpenSignIn,
  ) {}

  /** @throws ConclaveError `auth.unauthenticated`, whatever is wrong, and `auth.passkeys-unavailable` */
  async run({ passkey: assertion, workspace }: RequestOf<typeof passkeys.signInWithPasskey>): Promise<OpenedSignIn> {
    const credentialId = Buffer.from(assertion.id, 'base64url');
    const tenantId = await this.db.system((tx) => tenantOfPasskey(tx, credentialId));
    if (!tenantId) throw new ConclaveError('auth.unauthenticated');
    const key = await this.db.tx({ tenantId, actor: 'service:auth' }, (tx) =>
      lockCredential(tx, tenantId, credentialId),
    );
    if (!key) throw new ConclaveError('auth.unauthenticated');
    try {
      return await this.db.tx({ tenantId, actor: key.principal_id }, (tx) =>
        this.open(tx, { tenantId, assertion, workspaceId: workspace }),
      );
    } catch (error) {
      const refused = error instanceof ConclaveError && error.code === 'auth.passkey.refused';
      throw refused ? new ConclaveError('auth.unauthenticated', {}, { cause: error }) : error;
    }
  }

  private async open(
    tx: Tx,
    at: { tenantId: string; assertion: Assertion; workspaceId: string | undefined },
  ): Promise<OpenedSignIn> {
    const { tenantId, assertion, workspaceId } = at;
    const key = await lockCredential(tx, tenantId, Buffer.from(assertion.id, 'base64url'));
    if (!key) throw new ConclaveError('auth.unauthenticated');
    const counter = await this.ceremonies.asserted(assertion, key);
    await this.challenges.spend(tx, tenantId, assertion.clientDataJSON);
    await usedPasskey(tx, { tenantId, id: key.id, counter, at: new Date() });
    const who = { tenantId, principalId: key.principal_id, workspaceId, passkeyId: key.id };
    return this.openSignIn.run(tx, { ...who, method: 'passkey', factors: PASSKEY_FACTORS });
  }
}
