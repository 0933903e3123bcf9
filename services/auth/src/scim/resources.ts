/** The resources that directories provision, and what they are told about this server (RFC 7643 § 5-7). */
import SCIMMY from 'scimmy';
import { PAGE_LIMIT, type Json } from './protocol.js';

const { User, EnterpriseUser, Group } = SCIMMY.Schemas;
User.definition.extend(EnterpriseUser.definition, false);
SCIMMY.Resources.declare(SCIMMY.Resources.User);
SCIMMY.Resources.declare(SCIMMY.Resources.Group);
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

type Resource = InstanceType<typeof User> | InstanceType<typeof Group>;
export type Kind = 'Users' | 'Groups';

const schemas = { Users: User, Groups: Group } as const;

/** What a directory sent, by the schema: without what it does not know or may not set. */
export function received(kind: Kind, body: Json): Json {
  return plain(new schemas[kind](body as never, 'in'));
}

/** A resource as it is answered, with the attributes that are asked for alone (RFC 7644 § 3.9). */
export function answered(
  kind: Kind,
  resource: Json,
  { base, query }: { readonly base: string; readonly query: Readonly<Record<string, string>> },
): Json {
  const { attributes, excludedAttributes } = query;
  const wanted = {
    ...(attributes !== undefined && { attributes }),
    ...(excludedAttributes !== undefined && { excludedAttributes }),
  };
  // The types tell of an id alone, the library of either.
  const asked = new SCIMMY.Resources[kind === 'Users' ? 'User' : 'Group'](wanted as unknown as string);
  return plain(new schemas[kind](resource as never, 'out', `${base}/${kind}`, asked.attributes));
}

/** The resource after the operations of a PatchOp (RFC 7644 § 3.5.2); itself when they change nothing. */
export async function patched(kind: Kind, resource: Json, body: Json): Promise<Json> {
  const message = new SCIMMY.Messages.PatchOp(body as never);
  const before = new schemas[kind](resource as never) as Resource;
  const after = await message.apply(before as never);
  return after === undefined ? resource : plain(after);
}

const plain = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;
