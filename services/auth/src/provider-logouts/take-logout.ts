/**
 * What a provider says ends sign-ins: those that its own connection opened, of the person and the sessions it names, and
 * no others; with what programs were allowed under them, also when the sign-in itself is long forgotten. An order is taken
 * once; whoever is signed in nowhere is as signed out as was asked for.
 */
import { randomUUID } from 'node:crypto';
import { events, type ReplyOf, type RequestOf, type connections } from '@conclave/contracts';
import { LOG } from '@conclave/nest-kit';
import { Database, type Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { openConnection, refusingAs, systemOf } from '../connection-sign-ins/open-connection.js';
import { takeFlow } from '../connection-sign-ins/postgres-flows.js';
import { Providers } from '../connection-sign-ins/provider.js';
import { SignInRefusal } from '../connection-sign-ins/vouched.js';
import { lockConnection, type ConnectionRow } from '../connections/postgres-connections.js';
import { CredentialDigest } from '../credentials/credential-digest.js';
import { endGrants } from '../oauth/end-grants.js';
import { endSignIns } from '../sign-ins/end-sign-ins.js';
import { readLogoutToken } from './logout-token.js';
import { knownAs, takeLogout } from './postgres-provider-logouts.js';

/** An order of either protocol. */
interface Order {
  readonly id: string;
  readonly expiresAt: Date;
  readonly subject: string | undefined;
  readonly sessions: readonly string[] | undefined;
}

@Injectable()
export class TakeLogout {
  constructor(
    private readonly db: Database,
    private readonly providers: Providers,
    private readonly digest: CredentialDigest,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** @throws ConclaveError `auth.logout.refused` */
  bySaml({
    connection,
    request,
  }: RequestOf<typeof connections.answerSamlLogout>): Promise<ReplyOf<typeof connections.answerSamlLogout>> {
    return this.refusing(connection, async () => {
      const { row, settings } = await openConnection(this.db, this.providers, connection);
      if (settings.kind !== 'saml') throw new SignInRefusal('another protocol');
      const logout = await this.providers.logout(row, settings);
      const order = logout.readRequest(request, Date.now());
      await this.end(row, order);
      return { location: logout.answerUrl(`_${randomUUID()}`, order) };
    });
  }

  /** @throws ConclaveError `auth.logout.refused` */
  byToken({
    connection,
    logoutToken,
  }: RequestOf<typeof connections.takeOidcLogout>): Promise<ReplyOf<typeof connections.takeOidcLogout>> {
    return this.refusing(connection, async () => {
      const { row, settings } = await openConnection(this.db, this.providers, connection);
      if (settings.kind !== 'oidc') throw new SignInRefusal('another protocol');
      const order = await readLogoutToken(logoutToken, settings, () => this.providers.keysOf(row, settings));
      return { ended: await this.end(row, order) };
    });
  }

  /** The answer to a sign-out of ours: once, in the browser that signed out. @throws ConclaveError `auth.logout.refused` */
  finish({
    connection,
    flow: secret,
    response,
  }: RequestOf<typeof connections.finishSamlLogout>): Promise<ReplyOf<typeof connections.finishSamlLogout>> {
    return this.refusing(connection, async () => {
      const { row, settings } = await openConnection(this.db, this.providers, connection);
      if (settings.kind !== 'saml') throw new SignInRefusal('another protocol');
      const { tenant_id: tenantId, id: connectionId } = row;
      const digest = this.digest.of('flow', secret ?? '');
      const flow = await this.db.tx(systemOf(tenantId), (tx) =>
        takeFlow(tx, { tenantId, connectionId, digest, purpose: 'sign-out', now: new Date() }),
      );
      if (!flow) throw new SignInRefusal('no flow');
      const logout = await this.providers.logout(row, settings);
      return { complete: logout.readResponse(response, flow.requestId, Date.now()) };
    });
  }

  private end(row: ConnectionRow, order: Order): Promise<number> {
    return this.db.tx(systemOf(row.tenant_id), (tx) => this.endWithin(tx, row, order));
  }

  private async endWithin(tx: Tx, row: ConnectionRow, order: Order): Promise<number> {
    const { tenant_id: tenantId, id: connectionId } = row;
    const locked = await lockConnection(tx, tenantId, connectionId, 'share');
    if (!locked || locked.disabled_at) throw new SignInRefusal('disabled connection');
    if (!(await takeLogout(tx, { tenantId, connectionId, messageId: order.id, expiresAt: order.expiresAt })))
      throw new SignInRefusal('replay');
    const digestOf = this.providers.digestOf.bind(this.providers);
    const known = {
      ...{ tenantId, connectionId },
      subject: order.subject === undefined ? null : digestOf('provider-subject', row, order.subject),
      sessions: order.sessions?.map((session) => digestOf('provider-session', row, session)) ?? null,
    };
    const signIns = await knownAs(tx, 'sign_in', known);
    const now = new Date();
    for (const id of signIns) await endSignIns(tx, tenantId, { id }, now);
    for (const id of await knownAs(tx, 'oauth_grant', known)) await endGrants(tx, tenantId, { id }, 'sign-in');
    await tx.emit(events.providerLogoutTaken, { connection: connectionId, kind: row.kind, signIns });
    return signIns.length;
  }

  private refusing<T>(connection: string, work: () => Promise<T>): Promise<T> {
    return refusingAs('auth.logout.refused', { log: this.log, connection }, work);
  }
}
