/** Where texts can stand in a request, by its contract; and the strings that have broken others. */
import type { Contract } from '@conclave/contracts';
import list from 'big-list-of-naughty-strings' with { type: 'json' };
import { z } from 'zod';
import { leastRequest, type IdOf } from './least-request.js';

/** The Big List of Naughty Strings. */
export const naughty: readonly string[] = list;

export type Path = readonly (string | number)[];
interface Schema {
  readonly type?: string;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}
const DEEPEST = 6;

/** Every place of the request where a text can stand. */
export function textsOf({ request }: Contract): Path[] {
  const paths = [...walk(z.toJSONSchema(request, { io: 'input', unrepresentable: 'any' }) as Schema, [])];
  return [...new Map(paths.map((path) => [path.join('/'), path])).values()];
}

function* walk(schema: Schema, path: Path): Generator<Path> {
  if (path.length > DEEPEST) return;
  for (const choice of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) yield* walk(choice, path);
  for (const [name, member] of Object.entries(schema.properties ?? {})) yield* walk(member, [...path, name]);
  if (schema.items) yield* walk(schema.items, [...path, 0]);
  if (schema.type === 'string') yield path;
}

/** The least request of a contract with a text at one place. */
export function requestWith(contract: Contract, path: Path, text: string, idOf: IdOf): Record<string, unknown> {
  return withText(leastRequest(contract, idOf), path, text) as Record<string, unknown>;
}

/** The same value with a text at one place. */
export function withText(into: unknown, [first, ...rest]: Path, text: string): unknown {
  if (first === undefined) return text;
  const kept = typeof into === 'object' && into !== null ? into : {};
  if (typeof first === 'number') return [withText((kept as unknown[])[first], rest, text)];
  return { ...kept, [first]: withText((kept as Record<string, unknown>)[first], rest, text) };
}

/** What is at a place, if anything is. */
export const at = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((inner, step) => (inner as Record<string, unknown> | undefined | null)?.[step], value);

/** Every place of a value where a text stands. */
export function* textsIn(value: unknown, path: Path = []): Generator<Path> {
  if (typeof value === 'string') yield path;
  else if (Array.isArray(value)) yield* value.length > 0 ? textsIn(value[0], [...path, 0]) : [];
  else for (const [name, member] of Object.entries(value ?? {})) yield* textsIn(member, [...path, name]);
}
