import { ConclaveError, events, signInPolicy, type ReplyOf, type RequestOf } from '@conclave/contracts';
import { CONFIG, type RequestContext } from '@conclave/nest-kit';
import { Database, once, type Statements, type Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { AuthConfig } from '../config.js';
import { lockConnection } from '../connections/postgres-connections.js';
import { refuseLessThanOwner } from '../members/role-grant.js';
import { ProvenSignIns } from '../mfa/proven-sign-ins.js';
import type { SignInEntity } from '../sign-ins/sign-in.entity.js';
import {
  ownersWithPasskey,
  peopleUnknownToProviders,
  putSignInPolicy,
  signInPolicyOf,
} from './postgres-sign-in-policy.js';

type Reply = ReplyOf<typeof signInPolicy.getSignInPolicy>;
type Wanted = RequestOf<typeof signInPolicy.putSignInPolicy>;

/**
 * Whether people of a tenant come in through its identity providers only. Whoever says so came that way just now, so that
 * a provider that lets nobody in shuts nobody out.
 */
@Injectable()
export class ManageSignInPolicy {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<AuthConfig, 'STEP_UP_MINUTES'>,
    private readonly db: Database,
    private readonly proven: ProvenSignIns,
  ) {}

  read(ctx: RequestContext): Promise<Reply> {
    return viewOf(this.db.autocommit(ctx), ctx.tenantId);
  }

  /** @throws ConclaveError as `ProvenSignIns.lock`, and `auth.role.too-wide` | `auth.sign-in-policy.*` */
  put(ctx: RequestContext, request: Wanted): Promise<Reply> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, signInPolicy.putSignInPolicy, request, () => this.change(tx, ctx, request)),
    );
  }

  private async change(tx: Tx, ctx: RequestContext, { providersOnly, exempt: named }: Wanted): Promise<Reply> {
    refuseLessThanOwner(ctx);
    const { tenantId, rootCredentialId } = ctx;
    // Before the sign-in, as whoever disables the connection and ends what it opened takes them.
    if (rootCredentialId) await lockConnection(tx, tenantId, rootCredentialId, 'share');
    const { signIn } = await this.proven.lock(tx, ctx);
    const exempt = providersOnly ? [...new Set(named)].sort() : [];
    if (providersOnly) {
      await this.refuseUntried(tx, signIn);
      await refuseUnfit(tx, tenantId, exempt);
    }
    const before = await signInPolicyOf(tx, tenantId);
    const same = providersOnly === (before?.providersOnly ?? false) && exempt.join() === (before?.exempt ?? []).join();
    if (!same) {
      await putSignInPolicy(tx, tenantId, { providersOnly, exempt, changedAt: new Date(), changedBy: ctx.actor });
      await tx.emit(events.signInPolicyChanged, { providersOnly, exempt });
    }
    return viewOf(tx, tenantId);
  }

  /** The connection stays as it is until the policy is there: whoever disables it then finds that it is the last one. */
  private async refuseUntried(tx: Tx, { tenantId, connectionId, authenticatedAt }: SignInEntity): Promise<void> {
    const late = Date.now() - authenticatedAt.getTime() > this.config.STEP_UP_MINUTES * 60_000;
    const through = connectionId === null ? undefined : await lockConnection(tx, tenantId, connectionId, 'share');
    if (late || !through || through.disabled_at) throw new ConclaveError('auth.sign-in-policy.untried');
  }
}

async function refuseUnfit(tx: Tx, tenantId: string, exempt: readonly string[]): Promise<void> {
  const fit = await ownersWithPasskey(tx, tenantId, exempt);
  const id = exempt.find((one) => !fit.includes(one));
  if (id !== undefined) throw new ConclaveError('auth.sign-in-policy.unfit', { id });
}

async function viewOf(db: Statements, tenantId: string): Promise<Reply> {
  const row = await signInPolicyOf(db, tenantId);
  const exempt = row?.exempt ?? [];
  return {
    ...{ providersOnly: row?.providersOnly ?? false, exempt },
    peopleWithout: await peopleUnknownToProviders(db, tenantId, exempt),
    ...(row ? { changedAt: row.changedAt.toISOString(), changedBy: row.changedBy } : {}),
  };
}
