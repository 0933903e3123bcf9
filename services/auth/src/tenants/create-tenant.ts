import { ConclaveError, events, newId, type ActVerdict } from '@conclave/contracts';
import { Database, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { ApiKeyMint } from '../api-keys/api-key-mint.js';
import { insertApiKey } from '../api-keys/postgres-api-keys.js';
import { MakeLink } from '../links/make-link.js';
import type { Caller } from '../members/caller.js';
import { insertMembership, insertPrincipal } from '../members/postgres-members.js';
import { setOwner } from '../owners/postgres-owners.js';
import { permissionsOf } from '../roles/role-permissions.js';
import { isUniqueViolation } from '../unique-violation.js';
import { insertWorkspace } from '../workspaces/postgres-workspaces.js';
import { insertTenant, type TenantIds } from './postgres-tenants.js';

export interface NewTenant {
  readonly name: string;
  readonly workspace: string;
  readonly owner: string;
  /** Whether its members operate the platform; there is one such tenant. */
  readonly operators?: boolean;
  /** Whether the owner gets a key besides the link. */
  readonly withKey?: boolean;
  /** Who wants it. */
  readonly actor?: string;
  /** What permitted them to. */
  readonly verdict?: ActVerdict | undefined;
}

export interface CreatedTenant extends TenantIds {
  /** A one-time link with which the owner makes a passkey; kept nowhere. */
  readonly welcome: string;
}

const TAKEN = ['tenant_name', 'tenant_name_in_lower_case', 'tenant_of_operators'];

/** Creates a tenant with a first workspace and its owner, who administers that. */
@Injectable()
export class CreateTenant {
  constructor(
    private readonly db: Database,
    private readonly mint: ApiKeyMint,
    private readonly makeLink: MakeLink,
  ) {}

  /** Who is there already is told apart by name, whatever its case. @throws ConclaveError `auth.tenant.exists` */
  async run(wanted: NewTenant): Promise<CreatedTenant & { readonly apiKey?: string }> {
    const ids = { tenant: newId('tenant'), workspace: newId('workspace'), principal: newId('principal') };
    const actor = wanted.actor ?? 'service:auth';
    try {
      const secrets = await this.db.tx({ tenantId: ids.tenant, actor, verdict: wanted.verdict }, (tx) =>
        this.create(tx, ids, wanted),
      );
      return { ...ids, ...secrets };
    } catch (error) {
      if (TAKEN.some((index) => isUniqueViolation(error, index)))
        throw new ConclaveError('auth.tenant.exists', { name: wanted.name }, { cause: error });
      throw error;
    }
  }

  /** @returns the key and the link, which are kept nowhere */
  private async create(tx: Tx, ids: TenantIds, wanted: NewTenant): Promise<{ apiKey?: string; welcome: string }> {
    const { tenant: tenantId, workspace: workspaceId, principal: principalId } = ids;
    const { name, operators = false } = wanted;
    const createdAt = new Date();
    await insertTenant(tx, { tenantId, name, operators, createdAt });
    await insertWorkspace(tx, { tenantId, id: workspaceId, name: wanted.workspace, createdAt });
    await insertPrincipal(tx, { tenantId, id: principalId, kind: 'user', name: wanted.owner, createdAt });
    await insertMembership(tx, { tenantId, workspaceId, principalId, role: 'administrator', createdAt });
    await setOwner(tx, tenantId, principalId, createdAt);
    await tx.emit(events.tenantCreated, { tenant: tenantId, name });
    const holder = { tenantId, workspaceId, principalId };
    const apiKey = wanted.withKey ? await this.firstKey(tx, holder, createdAt) : undefined;
    const { link } = await this.makeLink.run(tx, holder, 'bootstrap', null);
    return { ...(apiKey === undefined ? {} : { apiKey }), welcome: link };
  }

  /** A key that may do everything there. */
  private async firstKey(tx: Tx, holder: Caller, createdAt: Date): Promise<string> {
    const { id, key, digest } = this.mint.mint();
    const scopes = [...((await permissionsOf(tx, holder.tenantId, 'administrator', true)) ?? [])];
    const limits = { expiresAt: null, allowedAddresses: null };
    await insertApiKey(tx, { ...holder, ...limits, id, name: 'First key', scopes, digest, createdAt });
    await tx.emit(events.apiKeyCreated, { apiKey: id, scopes });
    return key;
  }
}
