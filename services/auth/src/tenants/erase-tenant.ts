import { ConclaveError, events, tenants, type RequestOf } from '@conclave/contracts';
import { CONFIG, type RequestContext } from '@conclave/nest-kit';
import { Database, once } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { AuthConfig } from '../config.js';
import { callerOf } from '../members/caller.js';
import { deleteErasure, erasureOf, insertErasure, type Erasure } from './postgres-erasures.js';
import { lockTenant, updateTenant, type Tenant } from './postgres-tenants.js';

/** Has a tenant erased: not at once, and until it begins it can be kept. */
@Injectable()
export class EraseTenant {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<AuthConfig, 'TENANT_ERASURE_GRACE_HOURS'>,
    private readonly db: Database,
  ) {}

  /** @throws ConclaveError `auth.tenant.*` */
  request(ctx: RequestContext, request: RequestOf<typeof tenants.eraseTenant>): Promise<Erasure> {
    const { id, name, reason } = request;
    const { tenantId, principalId: by } = callerOf(ctx);
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, tenants.eraseTenant, request, async () => {
        const at = new Date();
        const eraseAt = await this.mark(ctx, id, name, at);
        await insertErasure(tx, { tenantId, erased: id, by, at, eraseAt });
        await tx.emit(events.tenantOperated, { tenant: id, act: 'request-erasure', reason });
        return (await erasureOf(tx, tenantId, id))!;
      }),
    );
  }

  /** @throws ConclaveError `auth.tenant.*` */
  cancel(ctx: RequestContext, request: RequestOf<typeof tenants.cancelErasure>): Promise<Tenant> {
    const { id } = request;
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, tenants.cancelErasure, request, async () => {
        await deleteErasure(tx, ctx.tenantId, id);
        await tx.emit(events.tenantOperated, { tenant: id, act: 'cancel-erasure' });
        return this.db.tx({ tenantId: id, actor: ctx.actor, verdict: ctx.verdict }, async (inside) => {
          const tenant = await lockTenant(inside, id);
          if (tenant.state === 'erasing') throw new ConclaveError('auth.tenant.erasing', { id });
          if (!tenant.erasesAt) throw new ConclaveError('auth.tenant.not-erasing', { id });
          return updateTenant(inside, id, { eraseAt: null });
        });
      }),
    );
  }

  /** @throws ConclaveError `auth.tenant.not-erasing` */
  async get(ctx: RequestContext, { id }: RequestOf<typeof tenants.getErasure>): Promise<Erasure> {
    const erasure = await erasureOf(this.db.autocommit(ctx), ctx.tenantId, id);
    if (!erasure) throw new ConclaveError('auth.tenant.not-erasing', { id });
    return erasure;
  }

  /** @returns when the time of grace is over */
  private mark({ actor }: RequestContext, id: string, name: string, at: Date): Promise<Date> {
    return this.db.tx({ tenantId: id, actor }, async (tx) => {
      const tenant = await lockTenant(tx, id);
      if (tenant.operators) throw new ConclaveError('auth.tenant.protected', { id });
      if (tenant.name !== name) throw new ConclaveError('auth.tenant.name-mismatch', { id });
      if (tenant.state === 'active') throw new ConclaveError('auth.tenant.not-suspended', { id });
      if (tenant.erasesAt) return new Date(tenant.erasesAt);
      const eraseAt = new Date(at.getTime() + this.config.TENANT_ERASURE_GRACE_HOURS * 3_600_000);
      await updateTenant(tx, id, { eraseAt });
      return eraseAt;
    });
  }
}
