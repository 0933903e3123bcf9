import { ConclaveError, events } from '@conclave/contracts';
import { Database, type Tx } from '@conclave/postgres-kit';
import type { MakeLink } from '../links/make-link.js';
import { putSignInPolicy, lockSignInPolicy } from '../sign-in-policy/postgres-sign-in-policy.js';
import { ownerPlaces, tenantNamed } from '../tenants/postgres-tenants.js';

export interface RecoveredOwner {
  readonly tenant: string;
  readonly principal: string;
  /** Lets them in once, to make a passkey; kept nowhere. */
  readonly link: string;
}

/**
 * What whoever holds the database does for a tenant that nobody gets into any more: people may come in by every way again,
 * and an owner gets a link. Both are in the tenant's log.
 */
export class RecoverOwner {
  constructor(
    private readonly db: Database,
    private readonly makeLink: MakeLink,
  ) {}

  /** @throws ConclaveError `auth.tenant.not-found` | `auth.member.not-found` */
  async run({ name, owner }: { readonly name: string; readonly owner?: string | undefined }): Promise<RecoveredOwner> {
    const tenantId = await this.db.system((tx) => tenantNamed(tx, name));
    if (!tenantId) throw new ConclaveError('auth.tenant.not-found', { id: name });
    return this.db.tx({ tenantId, actor: 'service:auth' }, async (tx) => {
      const place = (await ownerPlaces(tx, tenantId)).find(({ principal }) => principal === (owner ?? principal));
      if (!place) throw new ConclaveError('auth.member.not-found', { id: owner ?? name });
      await openEveryWay(tx, tenantId);
      const { workspace: workspaceId, principal: principalId } = place;
      const { link } = await this.makeLink.run(tx, { tenantId, workspaceId, principalId }, 'recovery', null);
      return { tenant: tenantId, principal: principalId, link };
    });
  }
}

async function openEveryWay(tx: Tx, tenantId: string): Promise<void> {
  const policy = await lockSignInPolicy(tx, tenantId);
  if (!policy?.providersOnly) return;
  const open = { providersOnly: false, exempt: [] };
  await putSignInPolicy(tx, tenantId, { ...open, changedAt: new Date(), changedBy: 'service:auth' });
  await tx.emit(events.signInPolicyChanged, open);
}
