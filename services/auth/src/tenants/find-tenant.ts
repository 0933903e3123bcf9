import { Database } from '@conclave/postgres-kit';
import { ownerPlaces, tenantNamed, type TenantIds } from './postgres-tenants.js';

/** Finds a tenant by its name, with its first workspace and owner. */
export class FindTenant {
  constructor(private readonly db: Database) {}

  async run(name: string): Promise<TenantIds | undefined> {
    const tenantId = await this.db.system((tx) => tenantNamed(tx, name));
    if (!tenantId) return undefined;
    const [first] = await this.db.tx({ tenantId, actor: 'service:auth' }, (tx) => ownerPlaces(tx, tenantId));
    return first;
  }
}
