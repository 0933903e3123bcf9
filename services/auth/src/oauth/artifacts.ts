/**
 * What `oidc-provider` keeps, in Postgres, for all replicas alike. Its ids are credentials: a row is found by the keyed
 * digest of one, and holds nothing it could be told from. What is used once is used up by a guarded update; whoever comes
 * second takes the whole grant down (RFC 9700 § 4.14.2).
 */
import { Database, type Statements } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import Provider, { errors, type Adapter, type AdapterPayload } from 'oidc-provider';
import { CredentialDigest } from '../credentials/credential-digest.js';
import { FailedAttempts } from '../credentials/failed-attempts.js';
import { NO_TENANT } from '../tenants/no-tenant.js';
import { refuseSuspended } from '../tenants/postgres-tenants.js';
import { metadataOf } from './clients.js';
import { endGrants, type EndReason } from './end-grants.js';
import { oauthClient, tenantOfClient } from './postgres-oauth-clients.js';
import {
  consumeToken,
  findToken,
  insertToken,
  standingGrant,
  tenantOfGrant,
  tenantOfToken,
  type StandingGrant,
  type TokenKind,
} from './postgres-grants.js';
import {
  consumeRequest,
  deleteRequest,
  findRequest,
  insertRequest,
  pollDevice,
  type Payload,
  type RequestKind,
} from './postgres-oauth-requests.js';

/** A device asks this often at most (RFC 8628 § 3.2). */
const POLL_MS = 5_000;
/** What a network may shorten between two requests. */
const POLL_SLACK_MS = 1_000;

/** The secret that a row is found by, and what else names it, are not in the row. */
const SECRET = ['jti', 'userCode'];
const bare = (payload: object): Payload =>
  Object.fromEntries(Object.entries(payload).filter(([name]) => !SECRET.includes(name)));

@Injectable()
export class Artifacts {
  constructor(
    private readonly db: Database,
    private readonly digest: CredentialDigest,
    private readonly failed: FailedAttempts,
  ) {}

  /** The shelf for one kind of thing. */
  shelf(name: string): Adapter {
    const requests: Readonly<Record<string, RequestKind>> = {
      DeviceCode: 'device',
      Interaction: 'interaction',
      PushedAuthorizationRequest: 'pushed',
    };
    const tokens: Readonly<Record<string, TokenKind>> = { AuthorizationCode: 'code', RefreshToken: 'refresh' };
    if (requests[name]) return this.requests(requests[name]);
    if (tokens[name]) return this.tokens(tokens[name]);
    if (name === 'Grant') return this.grants();
    if (name === 'Client') return { ...nothingKept, find: (id) => this.client(id) };
    return nothingKept;
  }

  digestOf(
    kind: 'device' | 'interaction' | 'pushed' | 'user-code' | 'decision' | 'shown' | TokenKind,
    id: string,
  ): Buffer {
    return this.digest.of('oauth', `${kind}\n${id}`);
  }

  async grant(id: string): Promise<StandingGrant | undefined> {
    const tenantId = await this.db.system((tx) => tenantOfGrant(tx, id));
    return tenantId === undefined ? undefined : standingGrant(this.of(tenantId), tenantId, id);
  }

  /** Whether it is the secret of a registered program; that it is not goes on record. */
  isSecretOf({ clientId, clientSecret = '' }: { clientId: string; clientSecret?: string }, actual: string): boolean {
    if (this.digest.matches('oauth-client', actual, Buffer.from(clientSecret, 'base64url'))) return true;
    void this.db
      .system((tx) => tenantOfClient(tx, clientId))
      .then((tenantId) => {
        if (tenantId === undefined) return;
        this.failed.note({ method: 'oauth-client', tenantId, reason: 'wrong', credential: clientId });
      })
      .catch(() => undefined);
    return false;
  }

  private requests(kind: RequestKind): Adapter {
    const nobodys = this.of(NO_TENANT);
    const digestOf = (id: string): Buffer => this.digestOf(kind, id);
    return {
      ...nothingKept,
      upsert: (id, payload, lifetimeS = 0) =>
        insertRequest(nobodys, {
          ...{ kind, digest: digestOf(id), payload: bare(payload), lifetimeS },
          ...(payload.userCode ? { userCode: this.digestOf('user-code', payload.userCode) } : {}),
        }),
      find: async (id) => {
        if (kind !== 'device') return withId(id, await findRequest(nobodys, kind, digestOf(id)));
        const polled = await pollDevice(nobodys, digestOf(id), POLL_MS - POLL_SLACK_MS);
        if (polled?.tooSoon) throw new errors.SlowDown();
        return withId(id, polled?.payload);
      },
      consume: async (id) => {
        if (await consumeRequest(nobodys, kind, digestOf(id))) return;
        const again = (await findRequest(nobodys, kind, digestOf(id))) as { grantId?: string } | undefined;
        if (again?.grantId !== undefined) await this.endGrant(again.grantId, 'reuse');
        throw new errors.InvalidGrant('already used');
      },
      destroy: async (id) => {
        // A browser goes on from an authorization once, also when it asks twice at the same time.
        if (!(await deleteRequest(nobodys, kind, digestOf(id)))) throw new errors.InvalidRequest('already used');
      },
    };
  }

  private tokens(kind: TokenKind): Adapter {
    const digestOf = (id: string): Buffer => this.digestOf(kind, id);
    const tenantOf = (digest: Buffer) => this.db.system((tx) => tenantOfToken(tx, digest));
    return {
      ...nothingKept,
      upsert: async (id, payload, lifetimeS = 0) => {
        const { grantId = '' } = payload;
        const tenantId = await this.db.system((tx) => tenantOfGrant(tx, grantId));
        const token = { digest: digestOf(id), kind, grantId, payload: bare(payload) };
        const kept =
          tenantId !== undefined &&
          (await this.db.tx(actorOf(tenantId), (tx) => insertToken(tx, tenantId, token, lifetimeS)));
        if (!kept) throw new errors.InvalidGrant('the grant has ended');
      },
      find: async (id) => {
        const tenantId = await tenantOf(digestOf(id));
        return tenantId === undefined
          ? undefined
          : withId(id, await findToken(this.of(tenantId), tenantId, kind, digestOf(id)));
      },
      consume: async (id) => {
        const tenantId = (await tenantOf(digestOf(id))) ?? NO_TENANT;
        const used = await this.db.tx(actorOf(tenantId), async (tx) => {
          const used = await consumeToken(tx, tenantId, digestOf(id));
          if (used && !used.first) await endGrants(tx, tenantId, { id: used.grantId }, 'reuse');
          return used;
        });
        if (!used?.first) throw new errors.InvalidGrant('already used');
      },
    };
  }

  private grants(): Adapter {
    return {
      ...nothingKept,
      find: async (id) => {
        const grant = await this.grant(id);
        // The library asks before it uses a token up, so that it is still good when the tenant goes on.
        if (grant) await refuseSuspended(this.of(grant.tenantId), grant.tenantId);
        return (
          grant && {
            ...{ jti: id, kind: 'Grant', clientId: grant.clientId, accountId: grant.principalId },
            ...{ iat: seconds(grant.createdAt), exp: seconds(grant.expiresAt) },
            resources: { [grant.resource]: grant.scopes.join(' ') },
          }
        );
      },
      // The library ends a grant when its client asks for it, or when something comes again that was used up.
      destroy: (id) => this.endGrant(id, Provider.ctx?.oidc.route === 'revocation' ? 'client' : 'reuse'),
    };
  }

  private async endGrant(id: string, because: EndReason): Promise<void> {
    const tenantId = await this.db.system((tx) => tenantOfGrant(tx, id));
    if (tenantId !== undefined) await this.db.tx(actorOf(tenantId), (tx) => endGrants(tx, tenantId, { id }, because));
  }

  private async client(id: string): Promise<AdapterPayload | undefined> {
    const tenantId = await this.db.system((tx) => tenantOfClient(tx, id));
    const client = tenantId === undefined ? undefined : await oauthClient(this.of(tenantId), tenantId, id);
    return client && metadataOf(client);
  }

  private of(tenantId: string): Statements {
    return this.db.autocommit(actorOf(tenantId));
  }
}

const nothingKept: Adapter = {
  upsert: async () => undefined,
  find: async () => undefined,
  findByUserCode: async () => undefined,
  findByUid: async () => undefined,
  consume: async () => undefined,
  destroy: async () => undefined,
  // Everything hangs on the grant itself, which the library ends, too.
  revokeByGrantId: async () => undefined,
};

const actorOf = (tenantId: string) => ({ tenantId, actor: 'service:auth' });

const withId = (id: string, payload: Payload | undefined): AdapterPayload | undefined =>
  payload && { ...payload, jti: id };

const seconds = (at: Date): number => Math.floor(at.getTime() / 1_000);
