/** The operators' routes, for one tenant: its erasure takes two looks. */
import { newId, tenants, type Contract, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { Handler } from './fake-runs.js';

const AT = '2026-01-01T00:00:00.000Z';
const LATER = '2026-01-08T00:00:00.000Z';

type Tenant = ReplyOf<typeof tenants.getTenant>;

export class FakeTenants {
  tenant: Tenant = this.fresh();
  erasures = 0;
  private limits: RequestOf<typeof tenants.setLimits>['limits'] = {};

  reset(): void {
    [this.tenant, this.erasures, this.limits] = [this.fresh(), 0, { secrets: 3 }];
  }

  get handlers(): ReadonlyMap<Contract, Handler> {
    return new Map<Contract, Handler>([
      [tenants.listTenants, () => ({ items: [this.tenant] })],
      [tenants.getTenant, () => this.tenant],
      [
        tenants.createTenant,
        ({ name }: { name: string }) => ({
          ...{ ...this.fresh(), name, owner: newId('principal'), workspace: newId('workspace') },
          link: 'http://localhost/welcome#secret',
        }),
      ],
      [
        tenants.suspendTenant,
        ({ reason }: { reason: string }) =>
          (this.tenant = { ...this.tenant, state: 'suspended', suspendedAt: AT, suspendedFor: reason }),
      ],
      [tenants.resumeTenant, () => (this.tenant = { ...this.fresh(), id: this.tenant.id })],
      [tenants.eraseTenant, () => (this.erasures++, this.erasure(false))],
      [tenants.getErasure, () => this.erasure(this.erasures++ > 2)],
      [tenants.getOwnLimits, () => this.limitsView()],
      [tenants.getLimits, () => this.limitsView()],
      [
        tenants.setLimits,
        ({ limits }: RequestOf<typeof tenants.setLimits>) => ((this.limits = limits), this.limitsView()),
      ],
    ]);
  }

  private fresh(): Tenant {
    return { id: newId('tenant'), name: 'Acme', createdAt: AT, state: 'active' };
  }

  private limitsView(): ReplyOf<typeof tenants.getLimits> {
    return { limits: this.limits, used: { workspaces: 1, members: 1, apiKeys: 2, secrets: 0 } };
  }

  private erasure(finished: boolean): ReplyOf<typeof tenants.getErasure> {
    const answers = [{ service: 'audit' as const, rows: 12, detail: {}, at: LATER }];
    return {
      ...{ tenant: this.tenant.id, requestedBy: newId('principal'), requestedAt: AT, erasesAt: LATER },
      ...(this.erasures > 1 ? { startedAt: LATER, answers } : { answers: [] }),
      ...(finished ? { finishedAt: LATER, dataKeys: 2, waitingFor: [] } : { waitingFor: ['runtime' as const] }),
    };
  }
}
