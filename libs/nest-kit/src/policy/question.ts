/**
 * What a policy is asked about a request, and the schema that says so: both follow from the contracts. A principal with
 * its role acts (an action is a permission) on a resource (its kind is the first half of the permission), of which the
 * request may name the id and some attributes.
 */
import { contracts, idPrefixes, type Contract } from '@conclave/contracts';
import { z } from 'zod';
import type { RequestContext } from '../request-context.js';
import type { ActionType, EntityJson, EntityType, SchemaJson } from './cedar.js';

type Attribute = boolean | number | string | string[];

/** One question to the policies of a tenant. */
export interface Question {
  readonly principal: { readonly id: string; readonly kind: string; readonly role?: string | undefined };
  readonly workspace: string;
  readonly credential: string;
  /** A permission. */
  readonly action: string;
  /** The contract's subject. */
  readonly operation: string;
  readonly resource: { readonly id: string; readonly attributes: Readonly<Record<string, Attribute>> };
}

/** The id of a resource that the request does not name: a new one, or all there are. */
const UNNAMED = '*';

/** Who manages policies is above them: nobody can lock everybody out. */
const abovePolicies: readonly string[] = ['policy:read', 'policy:manage', 'service', 'none'];

export const isBelowPolicies = ({ permission }: Pick<Contract, 'permission'>): boolean =>
  !abovePolicies.includes(permission);

/** `voter-key:enrol` → `VoterKey`. */
export const kindOf = (permission: string): string =>
  permission
    .slice(0, permission.indexOf(':'))
    .split('-')
    .map((word) => word[0]!.toUpperCase() + word.slice(1))
    .join('');

/** What the policies are asked before the handler of `contract` runs. */
export function questionOf(contract: Contract, ctx: RequestContext, request: unknown): Question {
  const members = request as Readonly<Record<string, Attribute | undefined>>;
  const named = members[/\{\+?(\w+)\}/.exec(contract.http?.path ?? '')?.[1] ?? 'id'];
  const attributes = (contract.attributes ?? []).flatMap((name) =>
    members[name] === undefined ? [] : [[name, members[name]] as const],
  );
  return {
    principal: { ...ctx.principal!, role: ctx.role },
    workspace: ctx.workspaceId ?? '',
    credential: credentialKind(ctx.credentialId),
    action: contract.permission,
    operation: contract.subject,
    resource: {
      id: typeof named === 'string' ? named : UNNAMED,
      attributes: { ...Object.fromEntries(attributes), ...agentsIn(contract, request) },
    },
  };
}

const agentsIn = (contract: Contract, request: unknown): Record<string, Attribute> =>
  contract.agentsOf ? { agents: [...contract.agentsOf(request)] } : {};

const credentialKind = (credentialId = ''): string =>
  ({ [idPrefixes.apiKey]: 'api-key', [idPrefixes.grant]: 'access-token' })[credentialId.split('_')[0]!] ?? 'sign-in';

/** The question as Cedar takes it. */
export function cedarRequest({ principal, workspace, credential, action, operation, resource }: Question) {
  const who = { type: 'Principal', id: principal.id };
  const what = { type: kindOf(action), id: resource.id };
  const parents = principal.role === undefined ? [] : [{ type: 'Role', id: principal.role }];
  const entities: EntityJson[] = [
    { uid: who, attrs: { kind: principal.kind }, parents },
    { uid: what, attrs: resource.attributes, parents: [] },
  ];
  return {
    principal: who,
    action: { type: 'Action', id: action },
    resource: what,
    context: { operation, workspace, credential },
    entities,
  };
}

const string = { type: 'String' } as const;
const context = { type: 'Record', attributes: { operation: string, workspace: string, credential: string } } as const;

/** The schema that policies are checked against. */
export function cedarSchema(): SchemaJson<string> {
  const governed = contracts.filter(isBelowPolicies);
  const kinds = Map.groupBy(governed, ({ permission }) => kindOf(permission));
  const entityTypes: Record<string, EntityType<string>> = {
    Role: {},
    Principal: { memberOfTypes: ['Role'], shape: { type: 'Record', attributes: { kind: string } } },
  };
  for (const [kind, members] of kinds) entityTypes[kind] = { shape: shapeOf(members) };
  const actions: Record<string, ActionType<string>> = {};
  for (const { permission } of governed)
    actions[permission] = {
      appliesTo: { principalTypes: ['Principal'], resourceTypes: [kindOf(permission)], context },
    };
  return { '': { entityTypes, actions } };
}

/** A request may leave each attribute out, and another request of the same kind does not know it. */
function shapeOf(members: readonly Contract[]) {
  const attributes = members.flatMap((contract) =>
    (contract.attributes ?? []).map((name) => [name, { ...typeOf(contract, name), required: false }] as const),
  );
  const agents = { type: 'Set', element: string, required: false } as const;
  const withAgents = members.some(({ agentsOf }) => agentsOf) ? { agents } : {};
  return { type: 'Record', attributes: { ...Object.fromEntries(attributes), ...withAgents } } as const;
}

interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}

function typeOf(contract: Contract, name: string) {
  const schema = z.toJSONSchema(contract.request, { io: 'output', unrepresentable: 'any' }) as JsonSchema;
  switch (schema.properties?.[name]?.type) {
    case 'integer':
      return { type: 'Long' } as const;
    case 'boolean':
      return { type: 'Boolean' } as const;
    case 'array':
      return { type: 'Set', element: string } as const;
    case 'string':
      return string;
    default:
      throw new Error(`${contract.subject}: a policy cannot read ${name}`);
  }
}
