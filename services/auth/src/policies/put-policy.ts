import { createHash } from 'node:crypto';
import { ConclaveError, events, policies, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Cedar, type Policy } from '@conclave/nest-kit/policy';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { nextBundle } from './bundle-version.js';
import { policySetOf } from './policy-set.js';
import { refuseInvalid } from './policy-text.js';
import {
  currentPolicies,
  insertPolicyVersion,
  lockPolicySet,
  policyVersion,
  updatePolicySet,
} from './postgres-policies.js';

type Request = RequestOf<typeof policies.putPolicy>;
type Reply = ReplyOf<typeof policies.putPolicy>;

/** All of them fit one message to an owner. */
const MOST = 100;
const MOST_BYTES = 262_144;

/** Sets a policy of the tenant. */
@Injectable()
export class PutPolicy {
  constructor(
    private readonly db: Database,
    private readonly cedar: Cedar,
  ) {}

  /** @throws ConclaveError `auth.policy.invalid` | `auth.policy.too-many` */
  run(ctx: RequestContext, request: Request): Promise<Reply> {
    refuseInvalid(this.cedar, request);
    return this.db.tx(ctx, (tx) => once(tx, ctx, policies.putPolicy, request, () => this.put(tx, ctx, request)));
  }

  private async put(tx: Tx, { tenantId, actor }: RequestContext, { id, source }: Request): Promise<Reply> {
    await lockPolicySet(tx, tenantId);
    const before = await policyVersion(tx, tenantId, id);
    if (before?.source === source) return { ...before, source };
    const others = (await currentPolicies(tx, tenantId)).filter((policy) => policy.id !== id);
    const all = [...others, { id, source }].sort((a, b) => (a.id < b.id ? -1 : 1));
    refuseTooMany(all);
    const version = (before?.version ?? 0) + 1;
    const row = { id, version, source, createdAt: new Date().toISOString(), createdBy: actor };
    await insertPolicyVersion(tx, tenantId, row);
    await updatePolicySet(tx, tenantId, policySetOf(all).digest);
    const sha256 = createHash('sha256').update(source).digest('hex');
    await tx.emit(events.policyChanged, { policy: id, version, sha256, bundle: await nextBundle(tx, tenantId) });
    return row;
  }
}

function refuseTooMany(all: readonly Policy[]): void {
  const bytes = all.reduce((sum, { source }) => sum + Buffer.byteLength(source), 0);
  if (all.length > MOST || bytes > MOST_BYTES)
    throw new ConclaveError('auth.policy.too-many', { limit: MOST, limitBytes: MOST_BYTES });
}
