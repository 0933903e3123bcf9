import { ConclaveError, type RequestOf, type signIns } from '@conclave/contracts';
import { Database, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { Authenticator, type Grant } from '../credentials/authenticator.js';
import { moveGrants } from '../oauth/postgres-grants.js';
import { endSignInsAlone } from './end-sign-ins.js';
import { OpenSignIn, goingOn, type OpenedSignIn } from './open-sign-in.js';
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

  /** @throws ConclaveError `auth.unauthenticated` | `auth.second-factor.required` | `auth.workspace.not-found` | `auth.forbidden` */
  async run({ secret, workspace }: RequestOf<typeof signIns.moveSignIn>): Promise<OpenedSignIn> {
    const grant = await this.authenticator.signIn(secret);
    if (grant.signIn?.withheld)
      throw new ConclaveError('auth.second-factor.required', { factors: [...grant.signIn.factors] });
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
    await endSignInsAlone(tx, tenantId, { id: old.id }, new Date());
    const opened = await this.openSignIn.run(tx, { ...goingOn(old), workspaceId });
    await moveGrants(tx, tenantId, old.id, opened.id);
    return opened;
  }
}
