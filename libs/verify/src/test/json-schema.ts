/**
 * Whether a value is what a JSON Schema (2020-12) says, for the keywords that ours use; another keyword throws, so that
 * none is passed over.
 */
import type { Json } from '@conclave/audit-core';
import type { JsonSchema } from '@conclave/consensus-core';

type Keyword = (argument: never, value: Json, schema: JsonSchema) => boolean;

const isObject = (value: Json): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const types: Readonly<Record<string, (value: Json) => boolean>> = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  integer: Number.isSafeInteger,
  boolean: (value) => typeof value === 'boolean',
};
const everyMember = (value: Json, holds: (name: string, item: Json) => boolean): boolean =>
  !isObject(value) || Object.entries(value).every(([name, item]) => holds(name, item));
const measured = (value: Json): number =>
  typeof value === 'string'
    ? [...value].length
    : isObject(value)
      ? Object.keys(value).length
      : (value as Json[]).length;

const keywords: Readonly<Record<string, Keyword>> = {
  ...{ $schema: () => true, $id: () => true, $comment: () => true, title: () => true, description: () => true },
  type: (type: string, value) => types[type]!(value),
  enum: (values: readonly Json[], value) => values.includes(value),
  required: (names: readonly string[], value) => !isObject(value) || names.every((name) => Object.hasOwn(value, name)),
  properties: (shapes: Readonly<Record<string, JsonSchema>>, value) =>
    everyMember(value, (name, item) => !Object.hasOwn(shapes, name) || fits(shapes[name]!, item)),
  additionalProperties: (rest: JsonSchema | false, value, { properties = {} }) =>
    everyMember(
      value,
      (name, item) => Object.hasOwn(properties as object, name) || (rest !== false && fits(rest, item)),
    ),
  propertyNames: (shape: JsonSchema, value) => everyMember(value, (name) => fits(shape, name)),
  items: (shape: JsonSchema, value) => !Array.isArray(value) || value.every((item) => fits(shape, item)),
  oneOf: (shapes: readonly JsonSchema[], value) => shapes.filter((shape) => fits(shape, value)).length === 1,
  pattern: (pattern: string, value) => typeof value !== 'string' || new RegExp(pattern, 'u').test(value),
  minimum: (least: number, value) => typeof value !== 'number' || value >= least,
  maximum: (most: number, value) => typeof value !== 'number' || value <= most,
  minLength: (least: number, value) => typeof value !== 'string' || measured(value) >= least,
  maxLength: (most: number, value) => typeof value !== 'string' || measured(value) <= most,
  minItems: (least: number, value) => !Array.isArray(value) || measured(value) >= least,
  maxItems: (most: number, value) => !Array.isArray(value) || measured(value) <= most,
  maxProperties: (most: number, value) => !isObject(value) || measured(value) <= most,
};

/** @throws Error for a keyword that is not known here */
export function fits(schema: JsonSchema, value: Json): boolean {
  return Object.entries(schema).every(([name, argument]) => {
    const keyword = keywords[name];
    if (!keyword) throw new Error(`no such keyword: ${name}`);
    return keyword(argument as never, value, schema);
  });
}
