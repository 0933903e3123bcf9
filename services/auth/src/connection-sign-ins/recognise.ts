import { events, newId } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import type { ConnectionRow } from '../connections/postgres-connections.js';
import { refuseBeyond } from '../limits/postgres-limits.js';
import { insertIdentity, lockIdentity, touchIdentity, unlinkedPersonNamed } from '../identities/postgres-identities.js';
import { lineOf } from '../members/line-of.js';
import { insertMembership, insertPrincipal } from '../members/postgres-members.js';
import { insertPerson, isKnownEmail, personOfEmail } from '../members/postgres-persons.js';
import { permissionsOf } from '../roles/role-permissions.js';
import { roleBy, settleRole } from './role-by-groups.js';
import { NotAdmitted, type Vouched } from './vouched.js';

/**
 * The principal a provider vouches for: whom its name for them is linked to, else whom an address belongs to that both
 * sides verified, else, where the connection says so, whom the directory brought, or somebody new.
 *
 * @throws NotAdmitted when it is nobody
 */
export async function recognise(tx: Tx, connection: ConnectionRow, vouched: Vouched): Promise<string> {
  const { tenant_id: tenantId, id: connectionId } = connection;
  const key = { tenantId, connectionId, subject: vouched.subject };
  const now = new Date();
  const known = await lockIdentity(tx, key);
  if (known) {
    await touchIdentity(tx, key, now);
    await settleRole(tx, connection, key, known, vouched.groups);
    return known;
  }
  const email = emailWithin(connection.email_domains, vouched.email);
  const owner = email && vouched.emailVerified ? await personOfEmail(tx, tenantId, email) : undefined;
  const brought = owner ?? (await broughtByDirectory(tx, connection, vouched, email));
  const principal = brought ?? (await newcomer(tx, connection, vouched, email));
  await insertIdentity(tx, key, principal, now, !brought);
  await tx.emit(events.identityLinked, {
    ...{ connection: connectionId, principal, by: owner ? 'verified-email' : brought ? 'directory' : 'just-in-time' },
  });
  return principal;
}

/**
 * Whom the directory of the connection's workspace brought under a name that the provider answers for. An address counts
 * where the provider verified it, and of SAML, whose attributes are all that the tenant's own provider says.
 */
async function broughtByDirectory(
  tx: Tx,
  { tenant_id: tenantId, id: connectionId, provisioning, kind }: ConnectionRow,
  { subject, emailVerified }: Vouched,
  email: string | undefined,
): Promise<string | undefined> {
  if (provisioning.mode !== 'directory') return undefined;
  const names = [subject, ...(email !== undefined && (emailVerified || kind === 'saml') ? [email] : [])];
  return unlinkedPersonNamed(tx, { tenantId, connectionId, workspaceId: provisioning.workspace, names });
}

/** An address counts in the domains the connection is for, and nowhere else. */
function emailWithin(domains: readonly string[], email: string | undefined): string | undefined {
  const domain = /^[^@\s]{1,64}@([^@\s]{1,253})$/.exec(email ?? '')?.[1]?.toLowerCase();
  return domain !== undefined && domains.includes(domain) ? email : undefined;
}

async function newcomer(
  tx: Tx,
  connection: ConnectionRow,
  vouched: Vouched,
  email: string | undefined,
): Promise<string> {
  const { tenant_id: tenantId, provisioning, kind } = connection;
  if (provisioning.mode !== 'just-in-time') throw new NotAdmitted('unknown person');
  if (email === undefined) throw new NotAdmitted('no address of the domains');
  if (kind !== 'saml' && !vouched.emailVerified) throw new NotAdmitted('address not verified');
  // Whoever was invited, provisioned or shut out is not made anew: an administrator links them.
  if (await isKnownEmail(tx, tenantId, email)) throw new NotAdmitted('address of somebody who is there');
  const { workspace: workspaceId } = provisioning;
  const role = roleBy(provisioning, vouched.groups);
  if (!(await permissionsOf(tx, tenantId, role))) throw new NotAdmitted('the role is gone');
  await refuseBeyond(tx, tenantId, 'members');
  const principalId = newId('principal');
  const at = new Date();
  await insertPrincipal(tx, { tenantId, id: principalId, kind: 'user', name: nameOf(vouched, email), createdAt: at });
  await insertMembership(tx, { tenantId, workspaceId, principalId, role, createdAt: at });
  await insertPerson(tx, {
    tenantId,
    principalId,
    email,
    verifiedBy: vouched.emailVerified ? connection.id : undefined,
    at,
  });
  await tx.emit(events.memberAdded, { principal: principalId, workspace: workspaceId, role });
  return principalId;
}

const nameOf = ({ name }: Vouched, email: string): string => lineOf(name ?? '') || lineOf(email);
