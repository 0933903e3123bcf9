import { events } from '@conclave/contracts';
import { KIT, type Kit } from '@conclave/nest-kit';
import type { PolicySet, PolicySource, Refusal } from '@conclave/nest-kit/policy';
import { Database } from '@conclave/postgres-kit';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { bundleName } from './bundle-version.js';
import { policySetOf } from './policy-set.js';
import { policySetIn } from './postgres-policies.js';

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
    const db = this.db.autocommit({ tenantId, actor: 'service:auth' });
    const { changes, policies } = await policySetIn(db, tenantId);
    return { ...policySetOf(policies), bundle: bundleName(changes) };
  }

  async record({ tenantId, principal, verdict, ...refusal }: Refusal, times: number): Promise<void> {
    const { permission, operation, policies } = refusal;
    await this.db.tx({ tenantId, actor: principal, verdict }, (tx) =>
      tx.emit(events.authorizationRefused, { permission, operation, policies: [...policies], times }),
    );
  }
}
