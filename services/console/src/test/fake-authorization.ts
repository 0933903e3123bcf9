/** Who may do what in the made-up tenant: its own roles, its policies, and the groups of its directory. */
import {
  ConclaveError,
  newId,
  policies,
  roles,
  scim,
  tenantRoles,
  type Contract,
  type ReplyOf,
  type RequestOf,
} from '@conclave/contracts';

type Role = ReplyOf<typeof tenantRoles.createRole>;
type Handler = (request: never) => unknown;

export function authorizationHandlers(): [string, Handler][] {
  return [...roleHandlers(), ...policyHandlers(), ...groupHandlers()];
}

const handle = <C extends Contract>(
  { subject }: C,
  handler: (request: RequestOf<C>) => ReplyOf<C>,
): [string, Handler] => [subject, handler];

function roleHandlers(): [string, Handler][] {
  const kept: Role[] = Object.entries(roles).map(([name, granted]) => ({
    ...{ name, permissions: [...granted], builtIn: true },
  }));
  kept.push({ name: 'release-manager', permissions: ['run:read', 'run:control', 'decision:read'], builtIn: false });
  const found = (name: string): Role => {
    const role = kept.find((one) => one.name === name);
    if (!role) throw new ConclaveError('auth.role.not-found');
    return role;
  };
  return [
    handle(tenantRoles.listRoles, () => ({ items: kept })),
    handle(tenantRoles.createRole, ({ name, permissions }) => {
      if (kept.some((role) => role.name === name)) throw new ConclaveError('auth.role.exists', { name });
      kept.push({ name, permissions, builtIn: false });
      return found(name);
    }),
    handle(tenantRoles.changeRole, ({ name, permissions }) => Object.assign(found(name), { permissions })),
    handle(tenantRoles.deleteRole, ({ name }) => {
      if (name === 'release-manager') throw new ConclaveError('auth.role.in-use', { name });
      return kept.splice(kept.indexOf(found(name)), 1)[0]!;
    }),
  ];
}

type Policy = ReplyOf<typeof policies.getPolicy>;

/** Cedar's part is played by one word: what has it is no policy, and what names an action forbids it. */
function policyHandlers(): [string, Handler][] {
  const versions: Policy[] = [];
  const current = (): Policy[] => versions.filter((one) => !versions.some((later) => isNewer(later, one)));
  const found = (id: string, version?: number): Policy => {
    const policy = (version === undefined ? current() : versions).find(
      (one) => one.id === id && (version ?? one.version) === one.version,
    );
    if (!policy) throw new ConclaveError('auth.policy.not-found', { id });
    return policy;
  };
  const refuseInvalid = (source: string): void => {
    const line = source.split('\n').findIndex((text) => text.includes('forbit')) + 1;
    if (line > 0)
      throw new ConclaveError('auth.policy.invalid', {
        issues: [
          { path: 'source', message: 'invalid policy effect: forbit', help: 'effect must be forbid', line, column: 1 },
        ],
      });
  };
  return [
    handle(policies.listPolicies, () => ({ items: current() })),
    handle(policies.getPolicy, ({ id, version }) => found(id, version)),
    handle(policies.putPolicy, ({ id, source }) => {
      refuseInvalid(source);
      const version = (current().find((one) => one.id === id)?.version ?? 0) + 1;
      versions.unshift({ id, source, version, createdAt: new Date().toISOString(), createdBy: 'prn_ada' });
      return found(id);
    }),
    handle(policies.deletePolicy, ({ id }) => {
      const policy = found(id);
      versions.splice(0, versions.length, ...versions.filter((one) => one.id !== id));
      return policy;
    }),
    handle(policies.getPolicySchema, () => 'entity Principal in [Role] = { kind: String };'),
    handle(policies.testPolicies, ({ action, draft }) => {
      if (draft) refuseInvalid(draft.source);
      const all = [...current().filter(({ id }) => id !== draft?.id), ...(draft ? [draft] : [])];
      const forbids = all.filter(({ source }) => source.includes(`"${action}"`)).map(({ id }) => id);
      return {
        allowed: forbids.length === 0,
        decidedBy: forbids.length === 0 ? ('role' as const) : ('policies' as const),
        policies: forbids,
      };
    }),
  ];
}

const isNewer = (later: Policy, one: Policy): boolean => later.id === one.id && later.version > one.version;

function groupHandlers(): [string, Handler][] {
  const groups: ReplyOf<typeof scim.listGroups>['items'] = [
    { id: newId('group'), name: 'Engineering', members: 12 },
    { id: newId('group'), name: 'Auditors', role: 'auditor', members: 1 },
  ];
  return [
    handle(scim.listGroups, () => ({ items: groups })),
    handle(scim.setGroupRole, ({ id, role }) => {
      const group = groups.find((one) => one.id === id);
      if (!group) throw new ConclaveError('auth.group.not-found');
      if (role === null) delete group.role;
      else group.role = role;
      return group;
    }),
  ];
}
