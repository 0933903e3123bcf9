import { events, tenants, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { lockTenant } from '../tenants/postgres-tenants.js';
import { limitsOf, setLimits, type LimitsView } from './postgres-limits.js';

/** What tenants may have at most: operators say, and owners see. */
@Injectable()
export class ManageLimits {
  constructor(private readonly db: Database) {}

  own(ctx: RequestContext): Promise<LimitsView> {
    return limitsOf(this.db.autocommit(ctx), ctx.tenantId);
  }

  /** Of a tenant an operator sees how many there are, and none of them. @throws ConclaveError `auth.tenant.not-found` */
  get({ actor }: RequestContext, { id }: RequestOf<typeof tenants.getLimits>): Promise<LimitsView> {
    return limitsOf(this.db.autocommit({ tenantId: id, actor }), id);
  }

  /** @throws ConclaveError `auth.tenant.not-found` */
  set(ctx: RequestContext, request: RequestOf<typeof tenants.setLimits>): Promise<LimitsView> {
    const { id } = request;
    const limits = Object.fromEntries(Object.entries(request.limits).filter(([, most]) => most !== undefined));
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, tenants.setLimits, request, async () => {
        await tx.emit(events.tenantOperated, { tenant: id, act: 'limit' });
        return this.db.tx({ tenantId: id, actor: ctx.actor, verdict: ctx.verdict }, async (inside) => {
          await lockTenant(inside, id);
          await setLimits(inside, id, limits);
          await inside.emit(events.limitsChanged, { limits });
          return limitsOf(inside, id);
        });
      }),
    );
  }
}
