/** The resources that directories provision, and what they are told about this server (RFC 7643 § 5-7). */
import SCIMMY from 'scimmy';
import { isOfNames, projectionOf, type Projection } from './projection.js';
import { PAGE_LIMIT, understood, type Json } from './protocol.js';

const { User, EnterpriseUser, Group } = SCIMMY.Schemas;
User.definition.extend(EnterpriseUser.definition, false);
// The library names the types of these, and allows none.
for (const { config } of ['roles.type', 'x509Certificates.type'].map((name) => User.definition.attribute(name)))
  (config as { canonicalValues: unknown }).canonicalValues = false;
// Members are named by what they are called here, which is theirs and not the group's.
Group.definition.truncate('members.display');
// By name: a bundle calls the classes something else.
SCIMMY.Resources.declare(SCIMMY.Resources.User, 'User');
SCIMMY.Resources.declare(SCIMMY.Resources.Group, 'Group');
SCIMMY.Config.set({
  patch: true,
  etag: true,
  sort: true,
  bulk: false,
  changePassword: false,
  filter: { supported: true, maxResults: PAGE_LIMIT },
  authenticationSchemes: [
    {
      type: 'oauthbearertoken',
      name: 'API key',
      description: 'An API key with the permission scim:provision, as a bearer token',
    },
  ],
});

const documents: Readonly<Record<string, (id: string | undefined) => Promise<unknown>>> = {
  ServiceProviderConfig: () => new SCIMMY.Resources.ServiceProviderConfig().read(),
  ResourceTypes: (id) => new SCIMMY.Resources.ResourceType(id).read(),
  Schemas: (id) => new SCIMMY.Resources.Schema(id).read(),
};

/** What the server says of itself; undefined for what is no such document. */
export async function discoveryDocument(name: string, id: string | undefined): Promise<Json | undefined> {
  const read = Object.hasOwn(documents, name) ? documents[name] : undefined;
  return read && (JSON.parse(JSON.stringify(await read(id))) as Json);
}

export type Kind = 'Users' | 'Groups';

const schemas = { Users: User, Groups: Group } as const;

/** What a directory sent, by the schema: without what it does not know or may not set. */
export function received(kind: Kind, body: Json): Json {
  return understood('invalidValue', () => plain(new schemas[kind](body as never, 'in')));
}

interface Asked {
  readonly base: string;
  readonly query: Readonly<Record<string, string>>;
}

/** Selections of attributes, by what they are asked with; directories ask with few. */
const projections = new Map<string, Projection>();
const MOST_PROJECTIONS = 100;

/** Resources as they are answered, with the attributes that are asked for alone (RFC 7644 § 3.9). */
export function answering(kind: Kind, { base, query }: Asked): (resource: Json) => Json {
  const { attributes, excludedAttributes } = query;
  const asked = [attributes, excludedAttributes].filter((list) => list !== undefined);
  // Where a value decides whether it is told the library looks at each.
  if (!asked.every(isOfNames)) return (resource) => answered(kind, resource, { base, query });
  const key = JSON.stringify([kind, attributes, excludedAttributes]);
  const known =
    projections.get(key) ?? projectionOf(schemas[kind].definition, (one) => answered(kind, one, { base, query }));
  if (projections.size >= MOST_PROJECTIONS) projections.clear();
  projections.set(key, known);
  return (resource) => known(withReferences(located(kind, resource, base), base));
}

const resourceType = { Users: 'User', Groups: 'Group' } as const;

function located(kind: Kind, resource: Json, base: string): Json {
  const location = `${base}/${kind}/${String(resource['id'])}`;
  return { ...resource, meta: { resourceType: resourceType[kind], ...(resource['meta'] as Json), location } };
}

/** A resource as the library answers it. */
export function answered(kind: Kind, resource: Json, { base, query }: Asked): Json {
  const { attributes, excludedAttributes } = query;
  // Schemas are told always, and without them the library fails on extensions.
  const named = attributes === undefined ? undefined : namesIn(attributes.trim() && `schemas,${attributes}`);
  const excluded = excludedAttributes === undefined ? undefined : namesIn(excludedAttributes, 'schemas');
  const wanted = {
    ...(named !== undefined && { attributes: named }),
    ...(excluded !== undefined && (excluded || !excludedAttributes) && { excludedAttributes: excluded }),
  };
  // The types tell of an id alone, the library of either.
  const asked = new SCIMMY.Resources[resourceType[kind]](wanted as never);
  const answer = plain(new schemas[kind](withReferences(resource, base), 'out', `${base}/${kind}`, asked.attributes));
  return { schemas: resource['schemas'], ...answer };
}

/** Each once, and no part of what is named as a whole: the library gets lost otherwise. */
function namesIn(list: string, but?: string): string {
  const names = new Map(list.split(',').map((name) => [name.trim().toLowerCase(), name.trim()]));
  const wholes = [...names.keys()].flatMap((name) => [`${name}.`, `${name}:`]);
  const kept = [...names].filter(([name]) => name !== but && !wholes.some((whole) => name.startsWith(whole)));
  return kept.map(([, name]) => name).join(',');
}

/** Members and groups with their addresses. */
function withReferences(resource: Json, base: string): Json {
  const { members, groups } = resource as Partial<Record<'members' | 'groups', { readonly value: string }[]>>;
  const at = (kind: Kind) => (one: { readonly value: string }) => ({ ...one, $ref: `${base}/${kind}/${one.value}` });
  return {
    ...resource,
    ...(members && { members: members.map(at('Users')) }),
    ...(groups && { groups: groups.map(at('Groups')) }),
  };
}

/** The resource after the operations of a PatchOp (RFC 7644 § 3.5.2); itself when they change nothing. */
export async function patched(kind: Kind, resource: Json, body: Json): Promise<Json> {
  const sent = body['Operations'];
  const kept: unknown = Array.isArray(sent) ? sent.flatMap(onExtension(resource)) : sent;
  if (Array.isArray(sent) && sent.length > 0 && (kept as unknown[]).length === 0) return resource;
  const message = understood(
    'invalidSyntax',
    () => new SCIMMY.Messages.PatchOp({ ...body, Operations: kept } as never),
  );
  const after: unknown = await message.apply(new schemas[kind](resource as never));
  return after === undefined ? resource : plain(after);
}

/** The library fails on a whole extension that says what it is, and on the removal of one as a whole. */
function onExtension(resource: Json): (operation: unknown) => unknown[] {
  return (operation) => {
    const { path, op, value } = (operation ?? {}) as { readonly [member: string]: unknown };
    if (path !== EnterpriseUser.id) return [operation];
    if (String(op).toLowerCase() === 'remove')
      return Object.keys(resource[path] ?? {}).map((name) => ({ op, path: `${path}:${name}` }));
    if (typeof value !== 'object' || value === null) return [operation];
    const { schemas: _itself, ...rest } = value as Json;
    return [{ ...(operation as object), value: rest }];
  };
}

const plain = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;
