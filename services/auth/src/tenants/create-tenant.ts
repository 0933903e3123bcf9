import { events, newId, roles } from '@conclave/contracts';
import { Database, type Tx } from '@conclave/postgres-kit';
import { ApiKeyMint } from '../api-keys/api-key-mint.js';
import { insertApiKey } from '../api-keys/postgres-api-keys.js';
import { MakeLink } from '../links/make-link.js';
import { insertMembership, insertPrincipal } from '../members/postgres-members.js';
import { isUniqueViolation } from '../unique-violation.js';
import { insertWorkspace } from '../workspaces/postgres-workspaces.js';
import { insertTenant, type TenantIds } from './postgres-tenants.js';

export interface NewTenant {
  readonly name: string;
  readonly workspace: string;
  readonly administrator: string;
}

/** Tenants are told apart by name when an operator creates them. */
export class TenantExistsError extends Error {
  override readonly name = 'TenantExistsError';
}

/**
 * Creates a tenant with a first workspace and its administrator, who gets two ways in: a key that may do everything
 * there, and a one-time link to make a passkey with.
 */
export class CreateTenant {
  constructor(
    private readonly db: Database,
    private readonly mint: ApiKeyMint,
    private readonly makeLink: MakeLink,
  ) {}

  /** @throws TenantExistsError */
  async run(wanted: NewTenant): Promise<TenantIds & { readonly apiKey: string; readonly welcome: string }> {
    const ids = { tenant: newId('tenant'), workspace: newId('workspace'), principal: newId('principal') };
    try {
      const secrets = await this.db.tx({ tenantId: ids.tenant, actor: 'service:auth' }, (tx) =>
        this.create(tx, ids, wanted),
      );
      return { ...ids, ...secrets };
    } catch (error) {
      if (isUniqueViolation(error, 'tenant_name'))
        throw new TenantExistsError(`A tenant named "${wanted.name}" exists.`, { cause: error });
      throw error;
    }
  }

  /** @returns the key and the link, which are kept nowhere */
  private async create(
    tx: Tx,
    ids: TenantIds,
    { name, workspace, administrator }: NewTenant,
  ): Promise<{ apiKey: string; welcome: string }> {
    const { tenant: tenantId, workspace: workspaceId, principal: principalId } = ids;
    const createdAt = new Date();
    const { id, key, digest } = this.mint.mint();
    const scopes = [...roles.administrator];
    await insertTenant(tx, { tenantId, name, createdAt });
    await insertWorkspace(tx, { tenantId, id: workspaceId, name: workspace, createdAt });
    await insertPrincipal(tx, { tenantId, id: principalId, kind: 'user', name: administrator, createdAt });
    await insertMembership(tx, { tenantId, workspaceId, principalId, role: 'administrator', createdAt });
    const holder = { tenantId, workspaceId, principalId };
    await insertApiKey(tx, { ...holder, id, name: 'First key', scopes, digest, createdAt, expiresAt: null });
    await tx.emit(events.tenantCreated, { tenant: tenantId, name });
    await tx.emit(events.apiKeyCreated, { apiKey: id, scopes });
    const { link } = await this.makeLink.run(tx, holder, 'bootstrap', null);
    return { apiKey: key, welcome: link };
  }
}
