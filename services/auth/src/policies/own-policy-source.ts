import { events } from '@conclave/contracts';
import { KIT, type Kit } from '@conclave/nest-kit';
import type { PolicySet, PolicySource, Refusal } from '@conclave/nest-kit/policy';
import { Database } from '@conclave/postgres-kit';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { policySetOf } from './policy-set.js';
import { currentPolicies } from './postgres-policies.js';

/** Where policies come from and refusals go to: for this service itself, and for the others over the bus. */
@Injectable()
export class OwnPolicySource implements PolicySource, OnModuleInit {
  constructor(
    @Inject(KIT) private readonly kit: Pick<Kit, 'policies'>,
    private readonly db: Database,
  ) {}

  onModuleInit(): void {
    this.kit.policies.takeFrom(this);
  }

  async load(tenantId: string): Promise<PolicySet> {
    return policySetOf(await currentPolicies(this.db.autocommit({ tenantId, actor: 'service:auth' }), tenantId));
  }

  async record({ tenantId, principal, permission, operation, policies }: Refusal, times: number): Promise<void> {
    await this.db.tx({ tenantId, actor: principal }, (tx) =>
      tx.emit(events.authorizationRefused, { permission, operation, policies: [...policies], times }),
    );
  }
}
