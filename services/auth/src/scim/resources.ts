/** The resources that directories provision, and what they are told about this server (RFC 7643 § 5-7). */
import SCIMMY from 'scimmy';
import { patchedBy } from './patch.js';
import { projectionOf, type Projection } from './projection.js';
import { PAGE_LIMIT, understood, type Json } from './protocol.js';
import { readResource } from './reading.js';
import { bothOf, vocabularyOf, type Kind } from './vocabulary.js';

const { User, EnterpriseUser, Group } = SCIMMY.Schemas;
User.definition.extend(EnterpriseUser.definition, false);
// The types that RFC 7643 names are suggestions (§ 7), and the library would refuse all others.
for (const { subAttributes = [] } of User.definition.attributes)
  for (const { config } of subAttributes) (config as { canonicalValues: unknown }).canonicalValues = false;
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

const schemas = { Users: User, Groups: Group } as const;

export const vocabularies = {
  Users: vocabularyOf(User.definition),
  Groups: vocabularyOf(Group.definition),
} as const;
/** Of a search for both. */
export const wholeVocabulary = bothOf(vocabularies.Users, vocabularies.Groups);

/** What a directory sent, by the schema: without what it does not know or may not set. */
export function received(kind: Kind, body: Json): Json {
  const read = readResource(vocabularies[kind], body);
  return understood('invalidValue', () => plain(new schemas[kind](read as never, 'in')));
}

/** How resources of a kind are told whole, once the library was asked. */
const projections: Partial<Record<Kind, Projection>> = {};

/** Resources as they are answered, with all that there is to tell. */
export function answering(kind: Kind, base: string): (resource: Json) => Json {
  const known = (projections[kind] ??= projectionOf(schemas[kind].definition, (one) => answered(kind, one, base)));
  return (resource) => known(withReferences(located(kind, resource, base), base));
}

const resourceType = { Users: 'User', Groups: 'Group' } as const;

function located(kind: Kind, resource: Json, base: string): Json {
  const location = `${base}/${kind}/${String(resource['id'])}`;
  return { ...resource, meta: { resourceType: resourceType[kind], ...(resource['meta'] as Json), location } };
}

/** A resource as the library answers it. */
export function answered(kind: Kind, resource: Json, base: string): Json {
  const answer = plain(new schemas[kind](withReferences(resource, base), 'out', `${base}/${kind}`));
  return { schemas: resource['schemas'], ...answer };
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

/** The resource after the operations of a PatchOp (RFC 7644 § 3.5.2). */
export const patched = (kind: Kind, resource: Json, body: Json): Json => patchedBy(vocabularies[kind], resource, body);

const plain = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;
