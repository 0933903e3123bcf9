/**
 * What is told of a resource. It is kept as the schema has understood it, so that nothing is left to be checked on the way
 * out; all there is to know is which attributes are told. The library is asked that once for each kind, by a sample that has
 * every attribute there is: what comes through of the sample is copied from resources. What is empty has no value
 * (RFC 7643 § 2.5), and is not told.
 */
import type { Json } from './protocol.js';

/** The types tell of attributes alone, the library has extensions among them. */
interface Attribute {
  readonly name: string;
  readonly type: string;
  readonly config: { readonly canonicalValues?: unknown; readonly multiValued?: boolean };
  readonly subAttributes?: readonly Attribute[];
}
interface Definition {
  readonly id: string;
  readonly attributes: readonly (Attribute | Definition)[];
}

/** What is copied: all of a value, or of an object or of each in a list some members. */
type Shape = true | readonly (readonly [name: string, Shape])[];

export type Projection = (resource: Json) => Json;

/** `ask` is what the library answers to the sample. */
export function projectionOf(schema: object, ask: (sample: Json) => Json): Projection {
  const definition = schema as Definition;
  const extensions = definition.attributes.flatMap((one) => ('id' in one ? [one.id] : []));
  const shape = shapeOf(ask({ ...sampleOf(definition.attributes), schemas: [definition.id, ...extensions] }));
  return (resource) => (copied(shape, resource) ?? {}) as Json;
}

function sampleOf(attributes: readonly (Attribute | Definition)[]): Json {
  return Object.fromEntries(
    attributes.map((one) => ('id' in one ? [one.id, sampleOf(one.attributes)] : [one.name, valueOf(one)])),
  );
}

function valueOf({ type, config, subAttributes = [] }: Attribute): unknown {
  const { canonicalValues, multiValued } = config;
  const [first] = Array.isArray(canonicalValues) ? (canonicalValues as unknown[]) : [];
  const value = type === 'complex' ? sampleOf(subAttributes) : (first ?? SAMPLES[type] ?? 'x');
  return multiValued ? [value] : value;
}

const SAMPLES: Readonly<Record<string, unknown>> = {
  ...{ boolean: true, integer: 1, decimal: 1, dateTime: '2026-01-01T00:00:00.000Z', binary: 'eA==' },
  reference: 'https://x.example/Users/Groups',
};

function shapeOf(value: unknown): Shape {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  if (typeof one !== 'object' || one === null) return true;
  return Object.entries(one).map(([name, member]) => [name, shapeOf(member)] as const);
}

/** @returns undefined for what there is nothing to tell of */
function copied(shape: Shape, value: unknown): unknown {
  if (Array.isArray(value)) {
    const elements = value.map((one) => copied(shape, one)).filter((one) => one !== undefined);
    return elements.length > 0 ? elements : undefined;
  }
  if (shape === true || typeof value !== 'object' || value === null) return value ?? undefined;
  let told: Record<string, unknown> | undefined;
  for (const [name, member] of shape) {
    const one = copied(member, (value as Json)[name]);
    if (one !== undefined) (told ??= {})[name] = one;
  }
  return told;
}
