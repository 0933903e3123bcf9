/**
 * The one door: every way of proving who one is ends here, in a secret for the browser's cookie.
 *
 * A sign-in belongs to a principal at work in a workspace and is worth their role there, at most what its key allows
 * when it was opened with one. It ends after a working day, when nobody used it for a while, and with whatever it
 * was opened with.
 */
import { randomBytes } from 'node:crypto';
import { ConclaveError, events, newId, type ReplyOf, type auth, type signIns } from '@conclave/contracts';
import { CONFIG } from '@conclave/nest-kit';
import type { Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { AuthConfig } from '../config.js';
import { CredentialDigest } from '../credentials/credential-digest.js';
import { FailedAttempts } from '../credentials/failed-attempts.js';
import { refuseBesideProviders } from '../sign-in-policy/postgres-sign-in-policy.js';
import { refuseSuspended } from '../tenants/postgres-tenants.js';
import { endSignIns } from './end-sign-ins.js';
import { insertSignIn, oldestSignIns, workspaceOf } from './postgres-sign-ins.js';
import type { SignInEntity } from './sign-in.entity.js';

/** Browsers that a principal is signed in with at a time; one more ends the oldest. */
const OPEN_PER_PRINCIPAL = 20;

/** Who was recognised, and how. */
export interface Recognised {
  readonly tenantId: string;
  readonly principalId: string;
  /** Where they mean to work: the first workspace they belong to unless told. */
  readonly workspaceId?: string | undefined;
  readonly method: signIns.SignInMethod;
  readonly factors: readonly string[];
  readonly connectionId?: string | undefined;
  readonly apiKeyId?: string | undefined;
  readonly passkeyId?: string | undefined;
  /** How the provider knows it, if it does. */
  readonly known?: ProviderMark | undefined;
  /** When they did, if not right now. */
  readonly authenticatedAt?: Date | undefined;
  /** When they showed a second factor, if they did. */
  readonly provenAt?: Date | undefined;
  /** The end of what they proved themselves with, if it has one. */
  readonly expiresAt?: Date | undefined;
  /** Where they came from, as far as it is known. */
  readonly address?: string | undefined;
}

/** A sign-in that is to go on under another secret, as it is. */
export const goingOn = (old: SignInEntity): Recognised => ({
  ...{ tenantId: old.tenantId, principalId: old.principalId, workspaceId: old.workspaceId },
  ...{ method: old.method, factors: old.factors, authenticatedAt: old.authenticatedAt, expiresAt: old.expiresAt },
  provenAt: old.provenAt ?? undefined,
  connectionId: old.connectionId ?? undefined,
  apiKeyId: old.apiKeyId ?? undefined,
  passkeyId: old.passkeyId ?? undefined,
  known: {
    providerSubject: old.providerSubject,
    providerSession: old.providerSession,
    providerSealed: old.providerSealed,
  },
});
export type ProviderMark = Pick<SignInEntity, 'providerSubject' | 'providerSession' | 'providerSealed'>;

export type OpenedSignIn = ReplyOf<typeof auth.createSignIn>;

@Injectable()
export class OpenSignIn {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<AuthConfig, 'SIGN_IN_HOURS'>,
    private readonly digest: CredentialDigest,
    private readonly failed: FailedAttempts,
  ) {}

  /** @throws ConclaveError `auth.tenant.suspended` | `auth.sign-in.providers-only`, `auth.unauthenticated` when they belong to no such workspace, or were disabled */
  async run(tx: Tx, who: Recognised): Promise<OpenedSignIn> {
    const { tenantId, principalId, method, factors } = who;
    await refuseSuspended(tx, tenantId);
    await refuseBesideProviders(tx, tenantId, who).catch((error: unknown) => this.noted(who, error));
    const workspaceId = await workspaceOf(tx, who);
    if (!workspaceId) throw new ConclaveError('auth.unauthenticated');
    const id = newId('signIn');
    const secret = randomBytes(32).toString('base64url');
    const now = new Date();
    const longest = now.getTime() + this.config.SIGN_IN_HOURS * 3_600_000;
    const expiresAt = new Date(Math.min(longest, who.expiresAt?.getTime() ?? Infinity));
    for (const old of await oldestSignIns(tx, { tenantId, principalId, kept: OPEN_PER_PRINCIPAL - 1 }))
      await endSignIns(tx, tenantId, { id: old }, now);
    await insertSignIn(tx, {
      ...{ tenantId, id, principalId, workspaceId, method, factors: [...factors], expiresAt },
      ...{ apiKeyId: who.apiKeyId ?? null, connectionId: who.connectionId ?? null, passkeyId: who.passkeyId ?? null },
      ...(who.known ?? { providerSubject: null, providerSession: null, providerSealed: null }),
      ...{
        digest: this.digest.of('sign-in', secret),
        createdAt: now,
        authenticatedAt: who.authenticatedAt ?? now,
        provenAt: who.provenAt ? new Date(Math.min(who.provenAt.getTime(), now.getTime())) : null,
        lastUsedAt: now,
      },
    });
    await tx.emit(events.signInOpened, {
      ...{ signIn: id, principal: principalId, workspace: workspaceId, method, factors: [...factors] },
      ...(who.address === undefined ? {} : { address: who.address }),
    });
    return { id, secret, csrf: this.digest.csrfOf(secret), expiresAt: expiresAt.toISOString() };
  }

  private noted({ tenantId, method, principalId: principal, address, ...by }: Recognised, error: unknown): never {
    const credential = by.apiKeyId ?? by.passkeyId;
    this.failed.note({ method, tenantId, reason: 'providers-only', credential, principal, address });
    throw error;
  }
}
