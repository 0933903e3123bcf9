import { ConclaveError, type RequestOf, type signIns } from '@conclave/contracts';
import { Database, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { Authenticator, type Grant } from '../credentials/authenticator.js';
import { endSignIns } from './end-sign-ins.js';
import { OpenSignIn, type OpenedSignIn } from './open-sign-in.js';
import { lockSignIn, workspaceOf } from './postgres-sign-ins.js';

/**
 * Takes a person who is signed in to another workspace of theirs: under a new secret, as they are worth something else
 * there, and no longer than before.
 */
@Injectable()
export class MoveSignIn {
  constructor(
    private readonly db: Database,
    private readonly authenticator: Authenticator,
    private readonly openSignIn: OpenSignIn,
  ) {}

  /** @throws ConclaveError `auth.unauthenticated` | `auth.workspace.not-found` | `auth.forbidden` */
  async run({ secret, workspace }: RequestOf<typeof signIns.moveSignIn>): Promise<OpenedSignIn> {
    const grant = await this.authenticator.signIn(secret);
    const { tenantId, principal } = grant;
    return this.db.tx({ tenantId, actor: principal.id }, (tx) => this.move(tx, grant, workspace));
  }

  private async move(tx: Tx, { tenantId, principal, credentialId }: Grant, workspaceId: string): Promise<OpenedSignIn> {
    const old = await lockSignIn(tx, tenantId, credentialId);
    if (!old) throw new ConclaveError('auth.unauthenticated');
    if (old.apiKeyId !== null)
      throw new ConclaveError('auth.forbidden', { reason: 'a key is good in its own workspace' });
    const there = { tenantId, principalId: principal.id, workspaceId };
    if (!(await workspaceOf(tx, there))) throw new ConclaveError('auth.workspace.not-found', { id: workspaceId });
    await endSignIns(tx, tenantId, { id: old.id }, new Date());
    const { method, factors, authenticatedAt, expiresAt } = old;
    const { providerSubject, providerSession, providerSealed } = old;
    return this.openSignIn.run(tx, {
      ...{ ...there, method, factors, authenticatedAt, expiresAt },
      ...{ connectionId: old.connectionId ?? undefined, passkeyId: old.passkeyId ?? undefined },
      known: { providerSubject, providerSession, providerSealed },
    });
  }
}
