/**
 * `fixtures/` holds one document per event and per reply for every version that was ever published. They are only ever
 * added to: a schema that no longer reads one, or that reads less out of it than was written, breaks somebody's data.
 */
import { describe, expect, it } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { contracts, eventContracts } from './catalogue.js';
import { eventEnvelope } from './events/event.js';

/** Any event may have one: it is shown by some. */
const { verdict: _, ...always } = eventEnvelope.shape;

const root = join(import.meta.dirname, '../fixtures');

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

/** The documents of a folder by name; `run.created.2.json` is the second version of `run.created`. */
function documentsIn(folder: string): Map<string, Json[]> {
  const files = readdirSync(join(root, folder)).sort();
  const read = (file: string): Json => JSON.parse(readFileSync(join(root, folder, file), 'utf8')) as Json;
  return new Map(
    [...Map.groupBy(files, (file) => file.replace(/\.\d+\.json$/, ''))].map(([name, group]) => [name, group.map(read)]),
  );
}

const isObject = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Members of the schema that none of the documents shows. */
function unshown(schema: JsonSchema, documents: readonly Json[], path = ''): string[] {
  const objects = documents.filter(isObject);
  const members = Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const values = objects.flatMap((value) => (name in value ? [value[name]!] : []));
    return values.length === 0 ? [`${path}${name}`] : unshown(member, values, `${path}${name}.`);
  });
  const items = documents.flatMap((value) => (Array.isArray(value) ? (value as Json[]) : []));
  return [...members, ...(schema.items ? unshown(schema.items, items, `${path}[].`) : [])];
}

/** The document as a newer producer might write it: with a member more in every object. */
function grown(value: Json): Json {
  if (Array.isArray(value)) return (value as Json[]).map(grown);
  if (!isObject(value)) return value;
  return { ...Object.fromEntries(Object.entries(value).map(([key, member]) => [key, grown(member)])), addedLater: 1 };
}

describe.each([
  [
    'events',
    eventContracts.map(
      (e) => [e.type, eventEnvelope.extend({ data: e.data }), z.object({ ...always, data: e.data })] as const,
    ),
  ],
  ['replies', contracts.map((c) => [c.subject, c.reply, c.reply] as const)],
])('published %s', (folder, schemas) => {
  const documents = documentsIn(folder);

  it('belong to something that is still there', () => {
    const known = schemas.map(([name]) => name);
    expect([...documents.keys()].filter((name) => !known.includes(name))).toEqual([]);
  });

  it.each(schemas)('%s reads every version as it was written', (name, schema) => {
    expect(documents.get(name)).toBeDefined();
    for (const document of documents.get(name) ?? []) expect(schema.parse(document)).toEqual(document);
  });

  it.each(schemas)('%s shows every member it knows: add a version when it grows', (name, _schema, shown) => {
    const json = z.toJSONSchema(shown) as JsonSchema;
    expect(unshown(json, documents.get(name) ?? [])).toEqual([]);
  });
});

describe('stored events', () => {
  it('show a verdict with every member it has', () => {
    const all = [...documentsIn('events').values()].flat();
    expect(unshown(z.toJSONSchema(eventEnvelope.pick({ verdict: true })) as JsonSchema, all)).toEqual([]);
  });

  it.each(eventContracts.map((e) => [e.type, e] as const))(
    '%s of a newer producer is read by this version',
    (type, e) => {
      const [document] = documentsIn('events').get(type)!;
      expect(e.data.safeParse(grown((document as { data: Json }).data)).success).toBe(true);
    },
  );
});
