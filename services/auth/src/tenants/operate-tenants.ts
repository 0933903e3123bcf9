import { ConclaveError, events, tenants, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { AnswerBox } from '../credentials/answer-box.js';
import { Ceremonies } from '../passkeys/ceremonies.js';
import { CreateTenant } from './create-tenant.js';
import { pageOfTenants, tenantOf, type Tenant } from './postgres-tenants.js';

type Created = ReplyOf<typeof tenants.createTenant>;

/** What operators do with tenants. They see that there are some, and never into one. */
@Injectable()
export class OperateTenants {
  constructor(
    private readonly db: Database,
    private readonly createTenant: CreateTenant,
    private readonly ceremonies: Ceremonies,
    private readonly box: AnswerBox,
  ) {}

  list(page: RequestOf<typeof tenants.listTenants>): Promise<ReplyOf<typeof tenants.listTenants>> {
    return this.db.system((tx) => pageOfTenants(tx, page));
  }

  /** @throws ConclaveError `auth.tenant.not-found` */
  async get({ id }: RequestOf<typeof tenants.getTenant>): Promise<Tenant> {
    const tenant = await this.db.system((tx) => tenantOf(tx, id));
    if (!tenant) throw new ConclaveError('auth.tenant.not-found', { id });
    return tenant;
  }

  /** @throws ConclaveError `auth.tenant.exists` | `auth.passkeys-unavailable` */
  async create(ctx: RequestContext, request: RequestOf<typeof tenants.createTenant>): Promise<Created> {
    this.ceremonies.site();
    const answer = await this.box.answer(ctx);
    const sealed = await this.db.tx(ctx, (tx) =>
      once(tx, ctx, tenants.createTenant, request, async () => {
        const { actor, verdict } = ctx;
        const { tenant, principal, workspace, welcome } = await this.createTenant.run({ ...request, actor, verdict });
        await tx.emit(events.tenantOperated, { tenant, act: 'create' });
        return {
          ...(await this.get({ id: tenant })),
          owner: principal,
          workspace,
          link: await answer.seal(tx, welcome, tenant),
        };
      }),
    );
    return { ...sealed, link: await answer.open(sealed.link, sealed.id) };
  }
}
