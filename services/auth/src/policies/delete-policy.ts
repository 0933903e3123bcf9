import { ConclaveError, events, policies, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { nextBundle } from './bundle-version.js';
import { policySetOf } from './policy-set.js';
import {
  currentPolicies,
  insertPolicyVersion,
  lockPolicySet,
  policyVersion,
  updatePolicySet,
} from './postgres-policies.js';

type Reply = ReplyOf<typeof policies.deletePolicy>;

/** Ends a policy, by a version without a text. */
@Injectable()
export class DeletePolicy {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `auth.policy.not-found` */
  run(ctx: RequestContext, request: RequestOf<typeof policies.deletePolicy>): Promise<Reply> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, policies.deletePolicy, request, () => this.delete(tx, ctx, request.id)),
    );
  }

  private async delete(tx: Tx, { tenantId, actor }: RequestContext, id: string): Promise<Reply> {
    await lockPolicySet(tx, tenantId);
    const before = await policyVersion(tx, tenantId, id);
    if (!before || before.source === null) throw new ConclaveError('auth.policy.not-found', { id });
    const version = before.version + 1;
    const row = { id, version, createdAt: new Date().toISOString(), createdBy: actor };
    await insertPolicyVersion(tx, tenantId, { ...row, source: null });
    await updatePolicySet(tx, tenantId, policySetOf(await currentPolicies(tx, tenantId)).digest);
    await tx.emit(events.policyDeleted, { policy: id, version, bundle: await nextBundle(tx, tenantId) });
    return row;
  }
}
