import type { ReplyOf, RequestOf, connections } from '@conclave/contracts';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { brandingOf } from '../branding/brand-tenant.js';
import { openConnections, tenantsOfDomain } from '../connections/postgres-connections.js';
import { PublicPlaces } from '../connections/public-places.js';
import { NO_TENANT } from '../tenants/no-tenant.js';
import { tenantNamed } from '../tenants/postgres-tenants.js';

type Contract = typeof connections.listSignInOptions;

/**
 * The ways into a tenant, by its name or by the domain of an address. Somebody who asks learns of connections, which are
 * meant to be seen, and nothing else: a tenant that is not there answers like one without connections, by the same steps.
 */
@Injectable()
export class ListSignInOptions {
  constructor(
    private readonly db: Database,
    private readonly places: PublicPlaces,
  ) {}

  async run({ tenant, email }: RequestOf<Contract>): Promise<ReplyOf<Contract>> {
    const domain = email?.split('@').at(-1)?.toLowerCase();
    const found = domain === undefined ? [await this.named(tenant ?? '')] : await tenantsOfDomain(this.db, domain);
    const lists = (found.length > 0 ? found : [NO_TENANT]).map(async (tenantId) => {
      const open = await openConnections(this.db.autocommit(asAuth(tenantId)), tenantId, domain);
      return open.map(({ id, kind, name }) => ({ kind, name, login: this.places.of(kind, id).login }));
    });
    const [only, ...more] = found.length > 0 ? found : [NO_TENANT];
    const shown = more.length > 0 ? {} : await brandingOf(this.db.autocommit(asAuth(only!)), only!);
    return { connections: (await Promise.all(lists)).flat(), ...shown };
  }

  private async named(name: string): Promise<string> {
    return (await this.db.system((tx) => tenantNamed(tx, name))) ?? NO_TENANT;
  }
}

const asAuth = (tenantId: string) => ({ tenantId, actor: 'service:auth' });
