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
export function leastRequest({ request }: Contract, idOf: IdOf): Record<string, unknown> {
  const schema = z.toJSONSchema(request, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  return value(schema, idOf) as Record<string, unknown>;
}

function value(schema: JsonSchema, idOf: IdOf): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const [choice] = schema.anyOf ?? schema.oneOf ?? [];
  if (choice) return value(choice, idOf);
  switch (schema.type) {
    case 'object':
      return object(schema, idOf);
    case 'array':
      return Array.from({ length: schema.minItems ?? 0 }, () => value(schema.items ?? {}, idOf));
    case 'integer':
    case 'number':
      return Math.max(1, schema.minimum ?? 1);
    case 'boolean':
      return true;
    case 'string':
      return text(schema, idOf);
    default:
      return 'x';
  }
}

function object({ properties = {}, required = [] }: JsonSchema, idOf: IdOf): Record<string, unknown> {
  const named = Object.entries(properties).filter(([name, member]) => required.includes(name) || namesId(member));
  return Object.fromEntries(named.map(([name, member]) => [name, value(member, idOf)]));
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
