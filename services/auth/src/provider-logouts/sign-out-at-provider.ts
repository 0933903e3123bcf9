import { randomBytes } from 'node:crypto';
import { type ReplyOf, type auth } from '@conclave/contracts';
import { LOG } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { refusalOr, systemOf } from '../connection-sign-ins/open-connection.js';
import { insertFlow } from '../connection-sign-ins/postgres-flows.js';
import { Providers } from '../connection-sign-ins/provider.js';
import { connectionOf } from '../connections/postgres-connections.js';
import { CredentialDigest } from '../credentials/credential-digest.js';
import type { SignInEntity } from '../sign-ins/sign-in.entity.js';

type Way = NonNullable<ReplyOf<typeof auth.endSignIn>['provider']>;

/** Time for a provider to end what it opened elsewhere. */
const FLOW_MS = 10 * 60_000;

/** The way to the provider that opened a sign-in, once it has ended here. A provider that cannot be asked holds up nobody. */
@Injectable()
export class SignOutAtProvider {
  constructor(
    private readonly db: Database,
    private readonly providers: Providers,
    private readonly digest: CredentialDigest,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  async begin({ tenantId, connectionId, providerSealed }: SignInEntity): Promise<Way | undefined> {
    if (connectionId === null || providerSealed === null) return undefined;
    const row = await connectionOf(this.db.autocommit(systemOf(tenantId)), tenantId, connectionId);
    if (!row || row.disabled_at) return undefined;
    const begun = await this.providers.signOut(row, providerSealed).catch((error: unknown) => {
      this.log.warn({ connection: connectionId, reason: refusalOr(error) }, 'not signed out at the provider');
    });
    if (!begun) return undefined;
    const secret = randomBytes(32).toString('base64url');
    const expiresAt = new Date(Date.now() + FLOW_MS);
    await this.db.tx(systemOf(tenantId), (tx) =>
      insertFlow(tx, {
        ...{ tenantId, connectionId, digest: this.digest.of('flow', secret), purpose: 'sign-out', expiresAt },
        ...{ requestId: begun.requestId, sealed: null, returnTo: '/' },
      }),
    );
    return { location: begun.location, flow: secret, expiresAt: expiresAt.toISOString() };
  }
}
