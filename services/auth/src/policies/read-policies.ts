import { ConclaveError, type ReplyOf, type RequestOf, type policies } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Cedar, cedarSchema } from '@conclave/nest-kit/policy';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { currentPolicies, policyVersion } from './postgres-policies.js';

/** The tenant's policies, and what they can speak of. */
@Injectable()
export class ReadPolicies {
  constructor(
    private readonly db: Database,
    private readonly cedar: Cedar,
  ) {}

  async list(ctx: RequestContext): Promise<ReplyOf<typeof policies.listPolicies>> {
    return { items: await currentPolicies(this.db.autocommit(ctx), ctx.tenantId) };
  }

  /** @throws ConclaveError `auth.policy.not-found` */
  async get(
    ctx: RequestContext,
    { id, version }: RequestOf<typeof policies.getPolicy>,
  ): Promise<ReplyOf<typeof policies.getPolicy>> {
    const row = await policyVersion(this.db.autocommit(ctx), ctx.tenantId, id, version);
    if (!row || row.source === null) throw new ConclaveError('auth.policy.not-found', { id });
    return { ...row, source: row.source };
  }

  schema(): string {
    const answer = this.cedar.use((module) => module.schemaToText(cedarSchema()));
    if (answer.type === 'failure') throw new Error(`the schema is none: ${answer.errors[0]?.message}`);
    return answer.text;
  }
}
