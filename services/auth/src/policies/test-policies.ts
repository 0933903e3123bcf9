import { ConclaveError, type ReplyOf, type RequestOf, type policies } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Cedar, cedarRequest, cedarSchema, isBelowPolicies, verdictOf, type Question } from '@conclave/nest-kit/policy';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { callerOf } from '../members/caller.js';
import { lockMember } from '../members/postgres-members.js';
import { permissionsOf } from '../roles/role-permissions.js';
import { policySetOf } from './policy-set.js';
import { refuseInvalid } from './policy-text.js';
import { currentPolicies } from './postgres-policies.js';

type Request = RequestOf<typeof policies.testPolicies>;
type Reply = ReplyOf<typeof policies.testPolicies>;

/** Where the policies of the test at hand are kept parsed. */
const SLOT = 'test';

/** What would be said to a request of a member's. */
@Injectable()
export class TestPolicies {
  constructor(
    private readonly db: Database,
    private readonly cedar: Cedar,
  ) {}

  /** @throws ConclaveError `auth.member.not-found` | `auth.policy.invalid` */
  async run(ctx: RequestContext, request: Request): Promise<Reply> {
    const { action, draft } = request;
    if (draft) refuseInvalid(this.cedar, draft);
    const { member, granted, current } = await this.db.tx(ctx, async (tx) => {
      const found = await lockMember(tx, { ...callerOf(ctx), principalId: request.principal });
      if (!found || found.disabledAt) throw new ConclaveError('auth.member.not-found', { id: request.principal });
      const byRole = (await permissionsOf(tx, ctx.tenantId, found.role, found.owner)) ?? [];
      return { member: found, granted: byRole, current: await currentPolicies(tx, ctx.tenantId) };
    });
    if (!granted.includes(action)) return { allowed: false, decidedBy: 'role', policies: [] };
    if (!isBelowPolicies({ permission: action })) return { allowed: true, decidedBy: 'role', policies: [] };
    const { principal, role } = member;
    const question = { ...request, workspace: ctx.workspaceId!, principal: { ...principal, role } };
    refuseUnfit(this.cedar, question);
    const others = current.filter(({ id }) => id !== draft?.id);
    const { allowed, policies: by } = verdictOf(
      this.cedar,
      SLOT,
      policySetOf(draft ? [...others, draft] : others),
      question,
    );
    return { allowed, policies: [...by], decidedBy: allowed ? 'role' : 'policies' };
  }
}

/** @throws ConclaveError `request.invalid` when no request has such a resource */
function refuseUnfit(cedar: Cedar, question: Question): void {
  const call = { ...cedarRequest(question), policies: {}, schema: cedarSchema(), validateRequest: true };
  const answer = cedar.use((module) => module.isAuthorized(call));
  if (answer.type === 'success') return;
  const issues = answer.errors.map(({ message }) => ({ path: 'resource', message }));
  throw new ConclaveError('request.invalid', { issues });
}
