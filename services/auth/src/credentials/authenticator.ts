import { ConclaveError, emergencyPermissions, type Permission } from '@conclave/contracts';
import { CONFIG, type PermissionBasis, type SignInStanding } from '@conclave/nest-kit';
import { Database, type Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { apiKeyIdOf } from '../api-keys/api-key-format.js';
import { touchApiKey } from '../api-keys/postgres-api-keys.js';
import type { AuthConfig } from '../config.js';
import type { PrincipalKind } from '../members/principal.entity.js';
import { AccessTokens } from '../oauth/access-tokens.js';
import { touchGrant } from '../oauth/postgres-grants.js';
import { bundleName } from '../policies/bundle-version.js';
import { isBuiltIn, permitted } from '../roles/role-permissions.js';
import { touchSignIn } from '../sign-ins/postgres-sign-ins.js';
import { standingOf } from '../sign-ins/standing.js';
import { NO_TENANT } from '../tenants/no-tenant.js';
import { CredentialDigest } from './credential-digest.js';
import { FailedAttempts, type FailedAttempt } from './failed-attempts.js';
import {
  apiKeyCredential,
  oauthCredential,
  signInCredential,
  tenantOfApiKey,
  tenantOfSignIn,
  type CredentialRow,
} from './postgres-credentials.js';

/** What a good credential is worth. */
export interface Grant {
  readonly credentialId: string;
  /** The key or the connection beneath it. */
  readonly rootCredentialId?: string;
  readonly tenantId: string;
  readonly workspaceId: string;
  readonly principal: { readonly id: string; readonly kind: PrincipalKind; readonly name: string };
  /** What the role permits today and, where there is one, the key allows. */
  readonly scopes: readonly Permission[];
  readonly role: string;
  readonly basis: PermissionBasis;
  /** The digest of the tenant's policies. */
  readonly policies?: string;
  /** Until when it is worth this. */
  readonly expiresAt?: Date;
  readonly allowedAddresses?: readonly string[];
  /** What was shown, when it is a sign-in, or a program that was allowed under one. */
  readonly signIn?: SignInStanding;
  /** What the tenant may ask for in a minute. */
  readonly requestsPerMinute?: number;
}

/** The time of last use is for people and for limits of minutes; one write a minute is enough. */
const LAST_USED_GRAIN_MS = 60_000;

/** A credential as somebody came with it. */
export interface Presented {
  readonly kind: 'api-key' | 'sign-in' | 'access-token';
  readonly secret: string;
  /** Where from, as far as it is known. */
  readonly address?: string | undefined;
}

/**
 * Tells good credentials from all others. A credential comes without its tenant: one exact look-up names it, then
 * everything is read below that tenant's row-level security.
 *
 * Malformed, unknown, wrong, expired, revoked, or of a disabled member: all are refused alike, and all that are
 * well spelled take the same steps.
 */
@Injectable()
export class Authenticator {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<AuthConfig, 'SIGN_IN_IDLE_MINUTES' | 'STEP_UP_MINUTES'>,
    private readonly db: Database,
    private readonly digest: CredentialDigest,
    private readonly tokens: AccessTokens,
    private readonly failed: FailedAttempts,
  ) {}

  /** @throws ConclaveError `auth.unauthenticated` | `auth.tenant.suspended` */
  grantOf({ kind, secret, address }: Presented): Promise<Grant> {
    if (kind === 'access-token') return this.accessToken(secret);
    return kind === 'api-key' ? this.apiKey(secret, address) : this.signIn(secret);
  }

  /** @throws ConclaveError `auth.unauthenticated` */
  async apiKey(key: string, address?: string): Promise<Grant> {
    const id = apiKeyIdOf(key);
    if (!id) throw this.refused({ method: 'api-key', reason: 'unknown' });
    const tenantId = await this.db.system((tx) => tenantOfApiKey(tx, id));
    const find = (tx: Tx, tenant: string) => apiKeyCredential(tx, tenant, id);
    return this.grant({ kind: 'api-key', secret: key, address }, tenantId, find);
  }

  /** @throws ConclaveError `auth.unauthenticated` | `auth.tenant.suspended` */
  async signIn(secret: string): Promise<Grant> {
    const digest = this.digest.of('sign-in', secret);
    const tenantId = await this.db.system((tx) => tenantOfSignIn(tx, digest));
    return this.grant({ kind: 'sign-in', secret }, tenantId, (tx, tenant) =>
      signInCredential(tx, tenant, { digest, idleMs: this.config.SIGN_IN_IDLE_MINUTES * 60_000 }),
    );
  }

  /** What a token says is believed for its signature; whether its grant stands, and what the person may today, is looked up. */
  private async accessToken(text: string): Promise<Grant> {
    const token = await this.tokens.verify(text).catch((error: unknown) => {
      const refused = error instanceof ConclaveError && error.code === 'auth.unauthenticated';
      throw refused ? this.refused({ method: 'access-token', reason: 'unknown' }) : error;
    });
    const { tenantId, expiresAt } = token;
    return this.db.tx({ tenantId, actor: 'service:auth' }, async (tx) => {
      const row = await oauthCredential(tx, tenantId, token);
      if (!row || row.dead) throw new ConclaveError('auth.unauthenticated');
      if (row.suspended) throw new ConclaveError('auth.tenant.suspended');
      if (isStale(row)) await touchGrant(tx, tenantId, row.credential_id, new Date());
      const inKey = new Set(row.scopes ?? token.scopes);
      const scopes = token.scopes.filter((scope) => row.granted.includes(scope) && inKey.has(scope));
      const stepUpMs = this.config.STEP_UP_MINUTES * 60_000;
      const provenUntil = (row.proven_at?.getTime() ?? 0) + stepUpMs;
      const signIn = { provenUntil, factors: [], maxAgeS: stepUpMs / 1_000 };
      return { ...grantOf(tenantId, { ...row, scopes, expires_at: expiresAt }, stepUpMs), signIn };
    });
  }

  private grant(
    presented: Presented & { readonly kind: 'api-key' | 'sign-in' },
    knownTenant: string | undefined,
    find: (tx: Tx, tenantId: string) => Promise<CredentialRow | undefined>,
  ): Promise<Grant> {
    const tenantId = knownTenant ?? NO_TENANT;
    return this.db.tx({ tenantId, actor: 'service:auth' }, async (tx) => {
      const row = await find(tx, tenantId);
      const now = new Date();
      const genuine = this.digest.matches(presented.kind, presented.secret, row?.digest);
      if (!row || !genuine || row.dead || (row.expires_at && row.expires_at <= now))
        throw this.refused(attemptOf(presented, tenantId, row, genuine));
      if (row.suspended) throw new ConclaveError('auth.tenant.suspended');
      if (isStale(row)) await touch(tx, tenantId, row, now);
      return grantOf(tenantId, row, this.config.STEP_UP_MINUTES * 60_000);
    });
  }

  private refused(attempt: FailedAttempt | undefined): ConclaveError {
    if (attempt) this.failed.note(attempt);
    return new ConclaveError('auth.unauthenticated');
  }
}

/** What goes on record; that a sign-in has ended is no attempt at anything. */
function attemptOf(
  { kind: method, address }: Presented,
  tenantId: string,
  row: CredentialRow | undefined,
  genuine: boolean,
): FailedAttempt | undefined {
  if (!row) return { method, reason: 'unknown' };
  if (method === 'sign-in') return undefined;
  const { credential_id: credential, principal_id: principal } = row;
  return { method, tenantId, reason: genuine ? 'over' : 'wrong', credential, principal, address };
}

const isStale = ({ last_used_at: at }: Pick<CredentialRow, 'last_used_at'>): boolean =>
  Date.now() - (at?.getTime() ?? 0) > LAST_USED_GRAIN_MS;

async function touch(tx: Tx, tenantId: string, { credential_id: id, api_key_id: key }: CredentialRow, now: Date) {
  if (id !== key) await touchSignIn(tx, tenantId, id, now);
  if (key) await touchApiKey(tx, tenantId, key, now);
}

function grantOf(tenantId: string, row: Omit<CredentialRow, 'digest' | 'dead'>, stepUpMs: number): Grant {
  const ofRole = permitted(row.role, row.role_permissions, row);
  // Whose role no longer lets them take it has it no longer.
  const emergencyUntil = ofRole.includes('break-glass:open') ? row.emergency_until : null;
  const byRole = new Set([...ofRole, ...(emergencyUntil ? emergencyPermissions : [])]);
  const scopes = row.scopes?.filter((scope) => byRole.has(scope)) ?? [...byRole];
  const signIn = row.standing && standingOf(row.standing, scopes, stepUpMs);
  const expiresAt = earliest(row.expires_at, emergencyUntil);
  return {
    credentialId: row.credential_id,
    ...(row.root_id === null ? {} : { rootCredentialId: row.root_id }),
    tenantId,
    workspaceId: row.workspace_id,
    principal: { id: row.principal_id, kind: row.principal_kind, name: row.principal_name },
    scopes: signIn?.withheld ? [] : scopes,
    role: row.role,
    basis: {
      bundle: bundleName(row.changes),
      by: sourceOf(row),
      ...(emergencyUntil ? { emergency: beyond(ofRole) } : {}),
    },
    ...(row.policies === null ? {} : { policies: row.policies }),
    ...(expiresAt ? { expiresAt } : {}),
    ...(row.allowed_addresses ? { allowedAddresses: row.allowed_addresses } : {}),
    ...(signIn ? { signIn } : {}),
    ...(row.requests_per_minute === null ? {} : { requestsPerMinute: row.requests_per_minute }),
  };
}

const sourceOf = ({ owner, role }: Pick<CredentialRow, 'owner' | 'role'>): string =>
  owner ? 'owner' : `${isBuiltIn(role) ? 'role' : 'custom-role'}:${role}`;

/** What an emergency permits, and the role does not. */
const beyond = (ofRole: readonly Permission[]): Permission[] =>
  emergencyPermissions.filter((permission) => !ofRole.includes(permission));

const earliest = (...times: (Date | null)[]): Date | undefined =>
  times.filter((time) => time !== null).sort((a, b) => a.getTime() - b.getTime())[0];
