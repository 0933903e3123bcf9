/** Who may what on a platform: which list has it, what people call it, and what they are shown of it. */
import {
  accessReviews,
  auth,
  breakGlass,
  connections,
  invitations,
  mailDomains,
  mails,
  oauth,
  policies,
  scim,
  secrets,
  signIns,
  tenantRoles,
  tenants,
} from '@conclave/contracts';
import { noun } from '../operations/noun.js';

const or = (text: string | number | undefined): string => (text === undefined ? '-' : String(text));

export const keys = noun({
  name: 'key',
  list: auth.listApiKeys,
  id: ({ id }) => id,
  names: ({ name, revokedAt }) => [revokedAt === undefined ? name : undefined],
  columns: {
    key: ({ id }) => id,
    state: ({ revokedAt, expiresAt }) =>
      revokedAt !== undefined
        ? 'revoked'
        : expiresAt !== undefined && Date.parse(expiresAt) < Date.now()
          ? 'expired'
          : 'good',
    name: ({ name }) => name,
    of: ({ principal }) => principal,
    used: ({ lastUsedAt }, out) => out.time(lastUsedAt),
    expires: ({ expiresAt }, out) => out.time(expiresAt),
    permissions: ({ scopes }) => scopes.join(' '),
  },
  first: ['keys', 'create', 'NAME'],
});

export const members = noun({
  name: 'member',
  list: auth.listMembers,
  id: ({ principal }) => principal.id,
  names: ({ principal, email }) => [principal.name, email],
  columns: {
    member: ({ principal }) => principal.id,
    kind: ({ principal }) => principal.kind,
    role: ({ role, owner }) => (owner ? `${role}, owner` : role),
    state: ({ disabledAt }) => (disabledAt === undefined ? 'active' : 'disabled'),
    name: ({ principal }) => principal.name,
    email: ({ email }) => or(email),
    since: ({ createdAt }, out) => out.time(createdAt),
  },
});

export const invited = noun({
  name: 'invitation',
  list: invitations.listInvitations,
  id: ({ id }) => id,
  names: ({ name, email }) => [email, name],
  columns: {
    invitation: ({ id }) => id,
    role: ({ role }) => role,
    name: ({ name }) => name,
    email: ({ email }) => or(email),
    expires: ({ expiresAt }, out) => out.time(expiresAt),
  },
  first: ['invitations', 'create', 'NAME', '--role', 'developer'],
});

export const mailed = noun({
  name: 'mail',
  list: mails.listMails,
  id: ({ id }) => id,
  columns: {
    mail: ({ id }) => id,
    kind: ({ kind }) => kind,
    state: ({ state }) => state,
    to: ({ principal }) => principal,
    at: ({ endedAt, createdAt }, out) => out.time(endedAt ?? createdAt),
    fault: ({ lastError }) => or(lastError),
  },
});

export const workspaces = noun({
  name: 'workspace',
  list: auth.listWorkspaces,
  id: ({ id }) => id,
  names: ({ name }) => [name],
  columns: { workspace: ({ id }) => id, name: ({ name }) => name, since: ({ createdAt }, out) => out.time(createdAt) },
});

export const groups = noun({
  name: 'group',
  list: scim.listGroups,
  id: ({ id }) => id,
  names: ({ name }) => [name],
  columns: {
    group: ({ id }) => id,
    role: ({ role }) => or(role),
    members: ({ members }) => String(members),
    name: ({ name }) => name,
  },
});

export const roles = noun({
  name: 'role',
  list: tenantRoles.listRoles,
  whole: true,
  id: ({ name }) => name,
  columns: {
    role: ({ name }) => name,
    from: ({ builtIn }) => (builtIn ? 'built in' : 'tenant'),
    permissions: ({ permissions }) => permissions.join(' '),
  },
});

export const cedar = noun({
  name: 'policy',
  list: policies.listPolicies,
  whole: true,
  id: ({ id }) => id,
  columns: {
    policy: ({ id }) => id,
    version: ({ version }) => String(version),
    by: ({ createdBy }) => createdBy,
    since: ({ createdAt }, out) => out.time(createdAt),
  },
  first: ['policies', 'put', 'NAME', 'FILE'],
});

export const providers = noun({
  name: 'connection',
  list: connections.listConnections,
  id: ({ id }) => id,
  names: ({ name }) => [name],
  columns: {
    connection: ({ id }) => id,
    kind: ({ settings }) => settings.kind,
    state: ({ disabledAt }) => (disabledAt === undefined ? 'enabled' : 'disabled'),
    name: ({ name }) => name,
    admits: ({ provisioning }) => provisioning.mode,
    domains: ({ emailDomains }) => emailDomains.join(' '),
  },
  first: ['connections', 'create', 'FILE'],
});

export const identities = noun({
  name: 'identity',
  list: connections.listIdentities,
  id: ({ principal }) => principal,
  columns: {
    member: ({ principal }) => principal,
    subject: ({ subject }) => subject,
    used: ({ lastUsedAt }, out) => out.time(lastUsedAt),
  },
});

export const domains = noun({
  name: 'mail domain',
  list: mailDomains.listMailDomains,
  id: ({ id }) => id,
  names: ({ domain }) => [domain],
  columns: {
    domain: ({ id }) => id,
    state: ({ state }) => state,
    name: ({ domain }) => domain,
    checked: ({ checkedAt }, out) => out.time(checkedAt),
    record: ({ record }) => `${record.name} ${record.type} ${record.value}`,
  },
  first: ['connections', 'domains', 'claim', 'DOMAIN'],
});

export const programs = noun({
  name: 'program',
  list: oauth.listOauthClients,
  id: ({ id }) => id,
  names: ({ name }) => [name],
  columns: {
    program: ({ id }) => id,
    kind: ({ kind }) => kind,
    name: ({ name }) => name,
    redirects: ({ redirectUris }) => redirectUris.join(' '),
  },
  first: ['programs', 'create', 'NAME', '--redirect', 'URL'],
});

export const grants = noun({
  name: 'grant',
  list: oauth.listGrants,
  id: ({ id }) => id,
  names: ({ client }) => [client.name],
  columns: {
    grant: ({ id }) => id,
    program: ({ client }) => client.name,
    used: ({ lastUsedAt }, out) => out.time(lastUsedAt),
    expires: ({ expiresAt }, out) => out.time(expiresAt),
    permissions: ({ scopes }) => scopes.join(' '),
  },
});

export const openSignIns = noun({
  name: 'sign-in',
  list: signIns.listSignIns,
  id: ({ id }) => id,
  columns: {
    signIn: ({ id }) => id,
    method: ({ method }) => method,
    factors: ({ factors }) => factors.join(' '),
    used: ({ lastUsedAt }, out) => out.time(lastUsedAt),
    expires: ({ expiresAt }, out) => out.time(expiresAt),
  },
});

export const emergencies = noun({
  name: 'emergency access',
  list: breakGlass.listBreakGlass,
  id: ({ id }) => id,
  columns: {
    access: ({ id }) => id,
    by: ({ principal }) => principal.name,
    opened: ({ openedAt }, out) => out.time(openedAt),
    ends: ({ endedAt, endsAt }, out) => out.time(endedAt ?? endsAt),
    finding: ({ review }) => review?.finding ?? 'open',
    reason: ({ reason }) => reason,
  },
});

export const reviews = noun({
  name: 'access review',
  list: accessReviews.listAccessReviews,
  id: ({ id }) => id,
  names: ({ name, closedAt }) => [closedAt === undefined ? name : undefined],
  columns: {
    review: ({ id }) => id,
    state: ({ closedAt }) => (closedAt === undefined ? 'open' : 'closed'),
    due: ({ dueAt }, out) => out.time(dueAt),
    decided: ({ decided, items }) => `${decided} of ${items}`,
    name: ({ name }) => name,
  },
  first: ['access-reviews', 'begin', 'NAME', '--due', '30d'],
});

export const accesses = noun({
  name: 'access',
  list: accessReviews.listAccessReviewItems,
  id: ({ subject }) => subject,
  columns: {
    subject: ({ subject }) => subject,
    decision: ({ outcome, decision }) => outcome ?? decision ?? 'open',
    access: ({ kind, principal, role, name, scopes }) =>
      kind === 'member'
        ? `${principal.name}, ${role}`
        : `key ${name ?? ''} of ${principal.name}, ${scopes?.length} permissions`,
  },
});

export const secret = noun({
  name: 'secret',
  list: secrets.listSecrets,
  id: ({ id }) => id,
  names: ({ name }) => [name],
  columns: {
    name: ({ name }) => name,
    version: ({ version }) => `version ${version}`,
    since: ({ rotatedAt, createdAt }, out) => out.time(rotatedAt ?? createdAt),
    state: ({ readable }) => (readable ? 'readable' : 'unreadable: set it again'),
  },
  first: ['secrets', 'set', 'NAME'],
});

export const tenant = noun({
  name: 'tenant',
  list: tenants.listTenants,
  id: ({ id }) => id,
  names: ({ name }) => [name],
  columns: {
    tenant: ({ id }) => id,
    state: ({ state }) => state,
    name: ({ name }) => name,
    remarks: ({ operators, suspendedFor, erasesAt }, out) =>
      [
        ...(operators ? ['operators'] : []),
        ...(suspendedFor === undefined ? [] : [suspendedFor]),
        ...(erasesAt === undefined ? [] : [`erased ${out.time(erasesAt)}`]),
      ].join(', '),
  },
  first: ['admin', 'tenants', 'create', 'NAME'],
});

export const owners = noun({
  name: 'owner',
  list: tenants.listOwners,
  whole: true,
  id: ({ principal }) => principal.id,
  names: ({ principal }) => [principal.name],
  columns: {
    owner: ({ principal }) => principal.id,
    kind: ({ principal }) => principal.kind,
    name: ({ principal }) => principal.name,
    since: ({ since }, out) => out.time(since),
  },
});
