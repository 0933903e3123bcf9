/**
 * Strict shapes for data from outside: what a ballot, an event or a receipt must look like.
 *
 * Invariants: a member that is missing, unknown or of another type is refused with its path (RFC 6901); what comes out
 * is a fresh copy of known members only, so nothing inherited or hidden travels on; depth is bounded by the shape.
 * The TypeScript types are inferred from the shapes, and the JSON Schemas of `docs/spec` are written from them: there is
 * no second spelling.
 */
import type { Json } from '@conclave/audit-core';

/** A schema of JSON Schema 2020-12. It never refuses what its shape takes; what it cannot say is in its `$comment`. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** Reads a value at a path, or throws {@link ShapeFault}. */
export interface Shape<T> {
  (value: unknown, path: string): T;
  readonly schema: JsonSchema;
}

const shaped = <T>(schema: JsonSchema, shape: (value: unknown, path: string) => T): Shape<T> =>
  Object.assign(shape, { schema });

/** The type a shape yields. */
export type Of<S> = S extends Shape<infer T> ? T : never;

/** What did not fit, and where. Caught by {@link read}; it never leaves this library. */
class ShapeFault extends Error {
  constructor(
    readonly path: string,
    readonly expected: string,
  ) {
    super(`${path}: expected ${expected}`);
  }
}

/** The outcome of reading hostile data: the value, or the path of the first fault and what was expected there. */
export type Read<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly path: string; readonly expected: string };

/** Reads a value of any origin; never throws on data. */
export function read<T>(shape: Shape<T>, value: unknown): Read<T> {
  try {
    return { ok: true, value: shape(value, '') };
  } catch (fault) {
    if (fault instanceof ShapeFault) return { ok: false, path: fault.path, expected: fault.expected };
    throw fault;
  }
}

type Members = Readonly<Record<string, Shape<unknown>>>;
type Required<M extends Members> = { readonly [K in keyof M]: Of<M[K]> };
type Optional<M extends Members> = { readonly [K in keyof M]?: Of<M[K]> };

/** An object with exactly these members; optional ones are absent, never null. */
export function object<R extends Members>(required: R): Shape<Required<R>>;
export function object<R extends Members, O extends Members>(
  required: R,
  optional: O,
): Shape<Required<R> & Optional<O>>;
export function object(required: Members, optional: Members = {}): Shape<Record<string, unknown>> {
  const shapes = new Map(Object.entries({ ...required, ...optional }));
  const schema = {
    type: 'object',
    properties: Object.fromEntries(Array.from(shapes, ([name, shape]) => [name, shape.schema])),
    required: Object.keys(required),
    additionalProperties: false,
  };
  return shaped(schema, (value, path) => {
    const source = asObject(value, path);
    for (const key of Object.keys(source)) {
      if (!shapes.has(key)) throw new ShapeFault(at(path, key), 'no such member');
    }
    const entries: [string, unknown][] = [];
    for (const [key, shape] of shapes) {
      if (Object.hasOwn(source, key)) entries.push([key, shape(source[key], at(path, key))]);
      else if (Object.hasOwn(required, key)) throw new ShapeFault(at(path, key), 'a member');
    }
    return Object.fromEntries(entries);
  });
}

/** A list of at most `max` items. */
export const list = <T>(item: Shape<T>, max: number, min = 0): Shape<readonly T[]> =>
  shaped({ type: 'array', items: item.schema, minItems: min, maxItems: max }, (value, path) => {
    if (!Array.isArray(value)) throw new ShapeFault(path, 'a list');
    if (value.length > max || value.length < min) throw new ShapeFault(path, `${min} to ${max} items`);
    return Array.from(value as unknown[], (entry, index) => item(entry, at(path, index)));
  });

/** An object used as a map with at most `max` keys. */
export const record = <T>(key: Shape<string>, item: Shape<T>, max: number): Shape<Readonly<Record<string, T>>> =>
  shaped(
    { type: 'object', propertyNames: key.schema, additionalProperties: item.schema, maxProperties: max },
    (value, path) => {
      const entries = Object.entries(asObject(value, path));
      if (entries.length > max) throw new ShapeFault(path, `at most ${max} members`);
      return Object.fromEntries(entries.map(([name, entry]) => [key(name, path), item(entry, at(path, name))]));
    },
  );

/** A well-formed string of bounded length, in UTF-16 units; `pattern` must be anchored. */
export const text = (max: number, min = 0, pattern?: RegExp): Shape<string> =>
  shaped(
    // A schema counts characters, which are never more than the UTF-16 units counted here.
    { type: 'string', minLength: min, maxLength: max, ...(pattern && { pattern: pattern.source }) },
    (value, path) => {
      if (typeof value !== 'string' || !value.isWellFormed()) throw new ShapeFault(path, 'a string');
      if (value.length < min || value.length > max) throw new ShapeFault(path, `${min} to ${max} characters`);
      if (pattern && !pattern.test(value)) throw new ShapeFault(path, String(pattern));
      return value;
    },
  );

/** A safe integer in a range, both ends included. */
export const integer = (min: number, max: number = Number.MAX_SAFE_INTEGER): Shape<number> =>
  shaped({ type: 'integer', minimum: min, maximum: max }, (value, path) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || Object.is(value, -0) || value < min || value > max)
      throw new ShapeFault(path, `an integer from ${min} to ${max}`);
    return value;
  });

/** One of a closed set of strings. */
export const oneOf = <const V extends readonly string[]>(...values: V): Shape<V[number]> =>
  shaped({ enum: values }, (value, path) => {
    if (typeof value !== 'string' || !values.includes(value)) throw new ShapeFault(path, values.join(' | '));
    return value;
  });

/** One of several objects; the member `tag` names which. */
export const tagged = <S extends Readonly<Record<string, Shape<object>>>>(
  tag: string,
  shapes: S,
): Shape<Of<S[keyof S]>> =>
  shaped({ oneOf: Object.values(shapes).map(({ schema }) => schema) }, (value, path) => {
    const name = oneOf(...Object.keys(shapes))(asObject(value, path)[tag], at(path, tag));
    return shapes[name]!(value, path) as Of<S[keyof S]>;
  });

/** `true` or `false`. */
export const flag: Shape<boolean> = shaped({ type: 'boolean' }, (value, path) => {
  if (typeof value !== 'boolean') throw new ShapeFault(path, 'true or false');
  return value;
});

/** A shape with one more condition on the whole value. */
export const where = <T>(shape: Shape<T>, holds: (value: T) => boolean, expected: string): Shape<T> => {
  const { $comment } = shape.schema;
  const said = typeof $comment === 'string' ? `${$comment}; ${expected}` : expected;
  return shaped({ ...shape.schema, $comment: said }, (value, path) => {
    const known = shape(value, path);
    if (!holds(known)) throw new ShapeFault(path, expected);
    return known;
  });
};

/** Any canonical JSON value, at most twelve levels deep: for members that are compared as bytes, never interpreted. */
export const json: Shape<Json> = shaped(
  { $comment: 'any JSON of integers, strings, booleans and null, at most twelve levels deep' },
  (value, path) => readJson(value, path, 12),
);

function readJson(value: unknown, path: string, depth: number): Json {
  if (depth === 0) throw new ShapeFault(path, 'less nesting');
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return text(100_000)(value, path);
  if (typeof value === 'number') return integer(Number.MIN_SAFE_INTEGER)(value, path);
  if (Array.isArray(value)) {
    return Array.from(value as unknown[], (item, index) => readJson(item, at(path, index), depth - 1));
  }
  const members = Object.entries(asObject(value, path));
  return Object.fromEntries(members.map(([name, item]) => [name, readJson(item, at(path, name), depth - 1)]));
}

function asObject(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ShapeFault(path, 'an object');
  if (Object.hasOwn(value, '__proto__')) throw new ShapeFault(at(path, '__proto__'), 'no such member');
  return value as Record<string, unknown>;
}

function at(path: string, key: string | number): string {
  return `${path}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
