/**
 * Signing in through a connection, in two steps with the provider between. A flow binds the second step to the browser
 * that took the first: its secret is in a cookie, its digest in Postgres, and it is used up before anything is believed.
 *
 * Whatever goes wrong, the answer is one and the same refusal; the reason is in the log.
 */
import { randomBytes } from 'node:crypto';
import { ConclaveError, type ReplyOf, type RequestOf, type connections } from '@conclave/contracts';
import { LOG } from '@conclave/nest-kit';
import { Database, type Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import {
  connectionOf,
  lockConnection,
  tenantOfConnection,
  type ConnectionRow,
} from '../connections/postgres-connections.js';
import type { ConnectionSettings } from '../connections/settings.js';
import { CredentialDigest } from '../credentials/credential-digest.js';
import { SamlRefusal } from '../saml/saml-refusal.js';
import { OpenSignIn } from '../sign-ins/open-sign-in.js';
import { NO_TENANT } from '../tenants/no-tenant.js';
import { insertFlow, takeAssertion, takeFlow } from './postgres-flows.js';
import { Providers, type ProviderAnswer } from './provider.js';
import { recognise } from './recognise.js';
import { SignInRefusal, localPath, type Vouched } from './vouched.js';

type Begin = typeof connections.beginConnectionSignIn;
type Finish = typeof connections.finishConnectionSignIn;

/** Time for a person to prove themselves to their provider. */
const FLOW_MS = 10 * 60_000;

interface OpenConnection {
  readonly row: ConnectionRow;
  readonly settings: ConnectionSettings;
}

@Injectable()
export class ConnectionSignIn {
  constructor(
    private readonly db: Database,
    private readonly providers: Providers,
    private readonly digest: CredentialDigest,
    private readonly door: OpenSignIn,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** @throws ConclaveError `auth.connection.refused` */
  begin({ connection, returnTo }: RequestOf<Begin>): Promise<ReplyOf<Begin>> {
    return this.refusing(connection, async () => {
      const { row, settings } = await this.open(connection);
      const path = localPath(returnTo);
      const { location, requestId, sealed } = await this.providers.begin(row, settings, path);
      const secret = randomBytes(32).toString('base64url');
      const expiresAt = new Date(Date.now() + FLOW_MS);
      const { tenant_id: tenantId, id: connectionId } = row;
      const digest = this.digest.of('flow', secret);
      await this.db.tx(systemOf(tenantId), (tx) =>
        insertFlow(tx, { tenantId, connectionId, digest, requestId, sealed, returnTo: path, expiresAt }),
      );
      return { location, flow: secret, expiresAt: expiresAt.toISOString() };
    });
  }

  /** @throws ConclaveError `auth.connection.refused` */
  finish({ connection, flow: secret, answer }: RequestOf<Finish>): Promise<ReplyOf<Finish>> {
    return this.refusing(connection, async () => {
      const { row, settings } = await this.open(connection);
      const flow = await this.take(row, secret);
      if (!flow && !(settings.kind === 'saml' && settings.allowUnsolicited)) throw new SignInRefusal('no flow');
      const vouched = await this.providers.finish(row, settings, answer, flow);
      const opened = await this.db.tx(systemOf(row.tenant_id), (tx) => this.admit(tx, row, vouched));
      return { ...opened, returnTo: flow?.returnTo ?? relayedPath(answer) };
    });
  }

  /** @throws SignInRefusal unless it is there, enabled, and everything it trusts is in place */
  private async open(id: string): Promise<OpenConnection> {
    const tenantId = (await tenantOfConnection(this.db, id)) ?? NO_TENANT;
    const row = await connectionOf(this.db.autocommit(systemOf(tenantId)), tenantId, id);
    if (!row) throw new SignInRefusal('unknown connection');
    if (row.disabled_at) throw new SignInRefusal('disabled connection');
    return { row, settings: this.providers.settingsOf(row) };
  }

  private async take(row: ConnectionRow, secret: string | undefined) {
    if (secret === undefined) return undefined;
    const { tenant_id: tenantId, id: connectionId } = row;
    const digest = this.digest.of('flow', secret);
    return this.db.tx(systemOf(tenantId), (tx) => takeFlow(tx, { tenantId, connectionId, digest, now: new Date() }));
  }

  /** The connection is asked again, and stays as it is until the sign-in is there: disabling it finds every one. */
  private async admit(tx: Tx, { tenant_id: tenantId, id }: ConnectionRow, vouched: Vouched) {
    const row = await lockConnection(tx, tenantId, id, 'share');
    if (!row || row.disabled_at) throw new SignInRefusal('disabled connection');
    if (vouched.assertion) {
      const { id: assertionId, expiresAt } = vouched.assertion;
      if (!(await takeAssertion(tx, { tenantId, connectionId: id, assertionId, expiresAt })))
        throw new SignInRefusal('replay');
    }
    const principalId = await recognise(tx, row, vouched);
    const method = row.kind === 'saml' ? 'saml' : 'oidc';
    const { secret, csrf, expiresAt } = await this.door.run(tx, {
      ...{ tenantId, principalId, method, connectionId: id, expiresAt: vouched.until },
      factors: ['provider', ...(vouched.mfa ? ['provider-mfa'] : [])],
      provenAt: vouched.mfa?.at,
    });
    return { secret, csrf, expiresAt };
  }

  private async refusing<T>(connection: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      const reason = reasonOf(cause);
      if (reason === undefined) throw cause;
      this.log.warn({ connection, reason }, 'sign-in refused');
      throw new ConclaveError('auth.connection.refused', {}, { cause });
    }
  }
}

/** Why somebody was not let in; undefined when it was our own fault. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof SignInRefusal || error instanceof SamlRefusal) return error.reason;
  if (!(error instanceof ConclaveError) || !reasons.has(error.code)) return undefined;
  const { reason } = error.params;
  return typeof reason === 'string' ? reason : error.code;
}

const reasons: ReadonlySet<string> = new Set(['auth.connection.invalid', 'auth.unauthenticated']);

const systemOf = (tenantId: string) => ({ tenantId, actor: 'service:auth' });

const relayedPath = (answer: ProviderAnswer): string =>
  localPath(answer.kind === 'saml' ? answer.relayState : undefined);
