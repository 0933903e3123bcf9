import { ConclaveError, events, tenants, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { lockTenant, updateTenant, type Tenant } from './postgres-tenants.js';

/**
 * Suspends a tenant and lets it go on. Everything of it stays as it is: its credentials are refused while it is suspended,
 * and those who hold what was begun under them hear of it. The tenant's own log says so as well as the operators'.
 */
@Injectable()
export class SuspendTenant {
  constructor(private readonly db: Database) {}

  /** Suspending what is suspended changes nothing. @throws ConclaveError `auth.tenant.*` */
  suspend(ctx: RequestContext, request: RequestOf<typeof tenants.suspendTenant>): Promise<Tenant> {
    const { id, reason } = request;
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, tenants.suspendTenant, request, async () => {
        await tx.emit(events.tenantOperated, { tenant: id, act: 'suspend', reason });
        return this.within(ctx, id, async (inside, tenant) => {
          if (tenant.operators) throw new ConclaveError('auth.tenant.protected', { id });
          if (tenant.erasesAt) throw new ConclaveError('auth.tenant.erasing', { id });
          if (tenant.state === 'suspended') return tenant;
          await inside.emit(events.tenantSuspended, { tenant: id, reason });
          return updateTenant(inside, id, { suspendedAt: new Date(), suspendedFor: reason });
        });
      }),
    );
  }

  /** @throws ConclaveError `auth.tenant.*` */
  resume(ctx: RequestContext, request: RequestOf<typeof tenants.resumeTenant>): Promise<Tenant> {
    const { id } = request;
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, tenants.resumeTenant, request, async () => {
        await tx.emit(events.tenantOperated, { tenant: id, act: 'resume' });
        return this.within(ctx, id, async (inside, tenant) => {
          if (tenant.erasesAt) throw new ConclaveError('auth.tenant.erasing', { id });
          if (tenant.state === 'active') return tenant;
          await inside.emit(events.tenantResumed, { tenant: id });
          return updateTenant(inside, id, { suspendedAt: null, suspendedFor: null });
        });
      }),
    );
  }

  /** In a transaction of the tenant's own, beside the operators'. */
  private within(
    { actor, verdict }: RequestContext,
    tenantId: string,
    work: (tx: Tx, tenant: Tenant) => Promise<Tenant>,
  ): Promise<Tenant> {
    return this.db.tx({ tenantId, actor, verdict }, async (tx) => work(tx, await lockTenant(tx, tenantId)));
  }
}
