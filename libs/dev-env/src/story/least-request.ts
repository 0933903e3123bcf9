/** Requests that follow from contracts alone: the least each accepts, and every id that it could name. */
import { idPrefixes, type Contract } from '@conclave/contracts';
import { z } from 'zod';

interface JsonSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly minimum?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly format?: string;
}

/** Gives an id for a prefix such as `run`. */
export type IdOf = (prefix: string) => string;

const prefixes: readonly string[] = Object.values(idPrefixes);
const prefixOf = ({ pattern }: JsonSchema): string | undefined =>
  prefixes.find((prefix) => pattern?.startsWith(`^${prefix}_`));

const texts = [
  'x',
  'x/y',
  '0'.repeat(40),
  '0'.repeat(64),
  'AAAA',
  'https://example.com/x',
  '2030-01-01T00:00:00Z',
  '2030-01-01',
];

/** The least request, with an id of `idOf` at every place where one can stand. */
export const leastRequest = ({ request }: Contract, idOf: IdOf): Record<string, unknown> => least(request, { idOf });

/** A place where an id can stand, and a request that has one there. */
export interface IdPlace {
  readonly path: readonly (string | number)[];
  readonly prefix: string;
  /** The least request that names `there` at this place, with ids of `idOf` at all others. */
  readonly request: (there: string, idOf: IdOf) => Record<string, unknown>;
}

/** Every place of a request where an id can stand, at any depth and if nothing has to stand there. */
export function idPlaces({ request }: Contract): readonly IdPlace[] {
  const schema = z.toJSONSchema(request, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  const all = [...standings(schema, [])].map(({ path, prefix, value: of }): [string, IdPlace] => [
    [...path, prefix].join('/'),
    { path, prefix, request: (there, idOf) => of(there, { idOf }) as Record<string, unknown> },
  ]);
  // Of alternatives that differ in what else they hold, the first.
  return [...new Map(all.reverse()).values()].reverse();
}

interface Filling {
  readonly idOf: IdOf;
  /** How many each list has at least. */
  readonly each?: number;
}

/** The least that the schema of an object accepts, likewise. */
export function least(schema: z.ZodType, filling: Filling): Record<string, unknown> {
  const described = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  return value(described, filling) as Record<string, unknown>;
}

interface Standing extends Omit<IdPlace, 'request'> {
  readonly value: (there: string, filling: Filling) => unknown;
}

const DEEPEST = 8;

function* standings(schema: JsonSchema, path: IdPlace['path']): Generator<Standing> {
  if (path.length > DEEPEST) return;
  const prefix = prefixOf(schema);
  if (prefix !== undefined) yield { path, prefix, value: (there) => there };
  for (const choice of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) yield* standings(choice, path);
  for (const [name, member] of Object.entries(schema.properties ?? {}))
    for (const inner of standings(member, [...path, name]))
      yield {
        ...inner,
        value: (there, filling) => ({ ...object(schema, filling), [name]: inner.value(there, filling) }),
      };
  for (const inner of schema.items ? standings(schema.items, [...path, 0]) : [])
    yield { ...inner, value: (there, filling) => [inner.value(there, filling)] };
}

function value(schema: JsonSchema, filling: Filling): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const [choice] = schema.anyOf ?? schema.oneOf ?? [];
  if (choice) return value(choice, filling);
  switch (schema.type) {
    case 'object':
      return object(schema, filling);
    case 'array':
      return Array.from({ length: Math.max(schema.minItems ?? 0, filling.each ?? 0) }, () =>
        value(schema.items ?? {}, filling),
      );
    case 'integer':
    case 'number':
      return Math.max(1, schema.minimum ?? 1);
    case 'boolean':
      return true;
    case 'string':
      return text(schema, filling.idOf);
    default:
      return 'x';
  }
}

function object({ properties = {}, required = [] }: JsonSchema, filling: Filling): Record<string, unknown> {
  const named = Object.entries(properties).filter(([name, member]) => required.includes(name) || namesId(member));
  return Object.fromEntries(named.map(([name, member]) => [name, value(member, filling)]));
}

const namesId = (schema: JsonSchema): boolean =>
  prefixOf(schema) !== undefined || (schema.anyOf ?? []).some((member) => namesId(member));

function text(schema: JsonSchema, idOf: IdOf): string {
  const prefix = prefixOf(schema);
  if (prefix !== undefined) return idOf(prefix);
  const fits = new RegExp(schema.pattern ?? '', 'u');
  const found = texts.find((candidate) => fits.test(candidate) && candidate.length >= (schema.minLength ?? 0));
  return found ?? 'x'.repeat(schema.minLength ?? 1);
}
