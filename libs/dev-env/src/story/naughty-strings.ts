/** Where texts can stand in a request, by its contract; and the strings that have broken others. */
import type { Contract } from '@conclave/contracts';
import list from 'big-list-of-naughty-strings' with { type: 'json' };
import { z } from 'zod';
import { leastRequest, type IdOf } from './least-request.js';

/** The Big List of Naughty Strings. */
export const naughty: readonly string[] = list;

type Path = readonly (string | number)[];
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
  return put(leastRequest(contract, idOf), path, text) as Record<string, unknown>;
}

function put(into: unknown, [first, ...rest]: Path, text: string): unknown {
  if (first === undefined) return text;
  const kept = typeof into === 'object' && into !== null ? into : {};
  if (typeof first === 'number') return [put((kept as unknown[])[first], rest, text)];
  return { ...kept, [first]: put((kept as Record<string, unknown>)[first], rest, text) };
}
