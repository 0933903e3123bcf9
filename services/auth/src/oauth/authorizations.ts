import { randomBytes } from 'node:crypto';
import { ConclaveError, type ReplyOf, type RequestOf, type oauth } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { Artifacts } from './artifacts.js';
import { GiveGrant, type Asked } from './give-grant.js';
import { decideRequest, lockWaiting, type WaitingRequest } from './postgres-oauth-requests.js';

/** An authorization request that led a browser to the console: what it asks for, and the person's answer. */
@Injectable()
export class Authorizations {
  constructor(
    private readonly db: Database,
    private readonly artifacts: Artifacts,
    private readonly grants: GiveGrant,
  ) {}

  /** @throws ConclaveError `auth.authorization.not-found` | `auth.oauth.sign-in-needed` | `auth.workspace.not-found` */
  get(
    ctx: RequestContext,
    { id }: RequestOf<typeof oauth.getAuthorization>,
  ): Promise<ReplyOf<typeof oauth.getAuthorization>> {
    return this.behind(ctx, id, async (_tx, { payload, expiresAt }, { resource: _, provenSince: __, ...asked }) => {
      const { redirect_uri: uri = '' } = payload['params'] as { redirect_uri?: string };
      return { ...asked, expiresAt: expiresAt.toISOString(), returnsTo: new URL(uri).origin };
    });
  }

  /** @throws ConclaveError `auth.authorization.not-found` | `auth.oauth.changed` | `auth.oauth.sign-in-needed` | `auth.workspace.not-found` */
  decide(
    ctx: RequestContext,
    { id, allow, shown }: RequestOf<typeof oauth.decideAuthorization>,
  ): Promise<ReplyOf<typeof oauth.decideAuthorization>> {
    return this.behind(ctx, id, async (tx, { digest, payload }, asked) => {
      const allowed = allow && asked.scopes.length > 0;
      const result = allowed ? await this.allow(tx, ctx, asked, shown) : { error: 'access_denied' };
      const secret = randomBytes(32).toString('base64url');
      const decision = this.artifacts.digestOf('decision', secret);
      await decideRequest(tx, 'interaction', digest, { answer: { result }, decision });
      return { client: asked.client, allowed, location: `${String(payload['returnTo'])}?consent=${secret}` };
    });
  }

  private async allow(tx: Tx, ctx: RequestContext, asked: Asked, shown: string | undefined) {
    const { grantId, accountId } = await this.grants.give(tx, ctx, asked, shown);
    return { login: { accountId }, consent: { grantId } };
  }

  private async behind<T>(
    ctx: RequestContext,
    id: string,
    work: (tx: Tx, waiting: WaitingRequest, asked: Asked) => Promise<T>,
  ): Promise<T> {
    return this.db.tx(ctx, async (tx) => {
      const waiting = await lockWaiting(tx, 'interaction', this.artifacts.digestOf('interaction', id));
      const asked = waiting && (await this.grants.look(tx, ctx, waiting));
      if (!asked) throw new ConclaveError('auth.authorization.not-found');
      return work(tx, waiting, asked);
    });
  }
}
