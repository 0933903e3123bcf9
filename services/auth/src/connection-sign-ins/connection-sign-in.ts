/**
 * Signing in through a connection, in two steps with the provider between. A flow binds the second step to the browser
 * that took the first: its secret is in a cookie, its digest in Postgres, and it is used up before anything is believed.
 *
 * Whatever goes wrong, the answer is one and the same refusal; the reason is in the tenant's log.
 */
import { randomBytes } from 'node:crypto';
import type { ReplyOf, RequestOf, connections } from '@conclave/contracts';
import { Database, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { lockConnection, type ConnectionRow } from '../connections/postgres-connections.js';
import { CredentialDigest } from '../credentials/credential-digest.js';
import { OpenSignIn, type ProviderMark, type Recognised } from '../sign-ins/open-sign-in.js';
import { openConnection, systemOf } from './open-connection.js';
import { insertFlow, takeAssertion, takeFlow } from './postgres-flows.js';
import { Providers, type ProviderAnswer } from './provider.js';
import { recognise } from './recognise.js';
import { RefusedSignIns } from './refused-sign-ins.js';
import { SignInRefusal, localPath, type Vouched } from './vouched.js';

type Begin = typeof connections.beginConnectionSignIn;
type Finish = typeof connections.finishConnectionSignIn;

/** Time for a person to prove themselves to their provider. */
const FLOW_MS = 10 * 60_000;

@Injectable()
export class ConnectionSignIn {
  constructor(
    private readonly db: Database,
    private readonly providers: Providers,
    private readonly digest: CredentialDigest,
    private readonly door: OpenSignIn,
    private readonly refused: RefusedSignIns,
  ) {}

  /** @throws ConclaveError `auth.connection.refused` */
  begin({ connection, returnTo, address }: RequestOf<Begin>): Promise<ReplyOf<Begin>> {
    return this.refused.refusing({ connection, address }, async () => {
      const { row, settings } = await openConnection(this.db, this.providers, connection);
      const path = localPath(returnTo);
      const { location, requestId, seal } = await this.providers.begin(row, settings, path);
      const secret = randomBytes(32).toString('base64url');
      const expiresAt = new Date(Date.now() + FLOW_MS);
      const { tenant_id: tenantId, id: connectionId } = row;
      const digest = this.digest.of('flow', secret);
      await this.db.tx(systemOf(tenantId), async (tx) => {
        const flow = { tenantId, connectionId, digest, requestId, sealed: await seal(tx), returnTo: path, expiresAt };
        await insertFlow(tx, { ...flow, purpose: 'sign-in' });
      });
      return { location, flow: secret, expiresAt: expiresAt.toISOString() };
    });
  }

  /** @throws ConclaveError `auth.connection.refused` */
  finish({ connection, flow: secret, answer, address }: RequestOf<Finish>): Promise<ReplyOf<Finish>> {
    return this.refused.refusing({ connection, address }, async () => {
      const { row, settings } = await openConnection(this.db, this.providers, connection);
      const flow = await this.take(row, secret);
      if (!flow && !(settings.kind === 'saml' && settings.allowUnsolicited)) throw new SignInRefusal('no flow');
      const vouched = await this.providers.finish(row, settings, answer, flow);
      const mark = await this.providers.markOf(row, vouched);
      const opened = await this.db.tx(systemOf(row.tenant_id), (tx) =>
        this.admit(tx, row, { ...vouched, address }, mark),
      );
      return { ...opened, returnTo: flow?.returnTo ?? relayedPath(answer) };
    });
  }

  private async take(row: ConnectionRow, secret: string | undefined) {
    if (secret === undefined) return undefined;
    const { tenant_id: tenantId, id: connectionId } = row;
    const digest = this.digest.of('flow', secret);
    return this.db.tx(systemOf(tenantId), (tx) =>
      takeFlow(tx, { tenantId, connectionId, digest, purpose: 'sign-in', now: new Date() }),
    );
  }

  /** The connection is asked again, and stays as it is until the sign-in is there: disabling it finds every one. */
  private async admit(
    tx: Tx,
    { tenant_id: tenantId, id }: ConnectionRow,
    vouched: Vouched & Pick<Recognised, 'address'>,
    mark: (tx: Tx) => Promise<ProviderMark>,
  ) {
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
      address: vouched.address,
      known: await mark(tx),
    });
    return { secret, csrf, expiresAt };
  }
}

const relayedPath = (answer: ProviderAnswer): string =>
  localPath(answer.kind === 'saml' ? answer.relayState : undefined);
