import { policies, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { DeletePolicy } from './delete-policy.js';
import { OwnPolicySource } from './own-policy-source.js';
import { PutPolicy } from './put-policy.js';
import { ReadPolicies } from './read-policies.js';
import { TestPolicies } from './test-policies.js';

@Controller()
export class PoliciesController {
  constructor(
    private readonly putPolicy: PutPolicy,
    private readonly deletePolicy: DeletePolicy,
    private readonly readPolicies: ReadPolicies,
    private readonly testPolicies: TestPolicies,
    private readonly source: OwnPolicySource,
  ) {}

  @Handles(policies.putPolicy)
  put(ctx: RequestContext, request: RequestOf<typeof policies.putPolicy>) {
    return this.putPolicy.run(ctx, request);
  }

  @Handles(policies.listPolicies)
  list(ctx: RequestContext) {
    return this.readPolicies.list(ctx);
  }

  @Handles(policies.getPolicy)
  get(ctx: RequestContext, request: RequestOf<typeof policies.getPolicy>) {
    return this.readPolicies.get(ctx, request);
  }

  @Handles(policies.deletePolicy)
  delete(ctx: RequestContext, request: RequestOf<typeof policies.deletePolicy>) {
    return this.deletePolicy.run(ctx, request);
  }

  @Handles(policies.testPolicies)
  test(ctx: RequestContext, request: RequestOf<typeof policies.testPolicies>) {
    return this.testPolicies.run(ctx, request);
  }

  @Handles(policies.getPolicySchema)
  async schema() {
    return this.readPolicies.schema();
  }

  @Handles(policies.readPolicySet)
  async read({ tenantId }: RequestContext) {
    const { digest, bundle, policies: all } = await this.source.load(tenantId);
    return { ...(digest === undefined ? {} : { digest }), bundle, policies: [...all] };
  }

  @Handles(policies.recordRefusal)
  async record(
    { tenantId, actor: principal, verdict }: RequestContext,
    { times, ...refusal }: RequestOf<typeof policies.recordRefusal>,
  ) {
    await this.source.record({ tenantId, principal, verdict, ...refusal }, times);
    return {};
  }
}
