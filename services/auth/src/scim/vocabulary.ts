/**
 * The words a directory may use: the attributes of the schemas that are served, and how a text names one.
 *
 * Whatever a stranger calls an attribute is only looked up here, and what goes on is the schema's own spelling: nothing that
 * was sent becomes the name of a member, whatever it is (`__proto__`). Names are the same in every case.
 *
 * Source: RFC 7643 § 2.1, § 7; RFC 7644 § 3.10 (how attributes are written).
 */
import SCIMMY from 'scimmy';

export interface Attribute {
  readonly name: string;
  readonly type: string;
  readonly isMany: boolean;
  readonly isCaseExact: boolean;
  /** The server says it; what a directory says of it is passed over. */
  readonly isReadOnly: boolean;
  /** Of a complex attribute, or of an extension. */
  readonly parts: Words;
  readonly isExtension: boolean;
}

type Words = ReadonlyMap<string, Attribute>;

/** Where a value is: from the resource inwards, an extension and then its attribute among them. */
export type Path = readonly [Attribute, ...Attribute[]];

export interface Vocabulary {
  readonly schemas: readonly string[];
  readonly words: Words;
}

export type Kind = 'Users' | 'Groups';

/** The types tell of attributes alone, the library has extensions among them. */
interface Defined {
  readonly name: string;
  readonly type: string;
  readonly config: {
    readonly multiValued?: boolean;
    readonly caseExact?: boolean;
    readonly mutable?: boolean | string;
    readonly direction?: string;
  };
  readonly subAttributes?: readonly Defined[];
}
interface Extension {
  readonly id: string;
  readonly attributes: readonly Defined[];
}

/** The vocabulary of a schema as the library defines it, once it is extended. */
export function vocabularyOf(schema: object): Vocabulary {
  const { id, attributes } = schema as { readonly id: string; readonly attributes: readonly (Defined | Extension)[] };
  const extensions = attributes.filter((one) => one instanceof SCIMMY.Types.SchemaDefinition) as readonly Extension[];
  const own = attributes.filter((one) => !extensions.includes(one as Extension)) as readonly Defined[];
  const all = [...own.map(wordOf), ...extensions.map(wordOfExtension)];
  return { schemas: [id, ...extensions.map((one) => one.id)], words: byName(all) };
}

/** All that either knows. */
export const bothOf = (a: Vocabulary, b: Vocabulary): Vocabulary => ({
  schemas: [...new Set([...a.schemas, ...b.schemas])],
  words: new Map([...b.words, ...a.words]),
});

function wordOf({ name, type, config, subAttributes = [] }: Defined): Attribute {
  return {
    ...{ name, type, isExtension: false, parts: byName(subAttributes.map(wordOf)) },
    isMany: config.multiValued === true,
    isCaseExact: config.caseExact === true,
    isReadOnly: config.mutable === false || config.direction === 'out',
  };
}

const wordOfExtension = ({ id, attributes }: Extension): Attribute => ({
  ...{ name: id, type: 'complex', isExtension: true, parts: byName(attributes.map(wordOf)) },
  ...{ isMany: false, isCaseExact: false, isReadOnly: false },
});

const byName = (attributes: readonly Attribute[]): Words =>
  new Map(attributes.map((one) => [one.name.toLowerCase(), one]));

/** The attribute a text names: `name.givenName`, with or without its schema; undefined for what is none. */
export function pathOf({ schemas, words }: Vocabulary, text: string): Path | undefined {
  const asked = text.toLowerCase();
  const schema = schemas.find((one) => asked === one.toLowerCase() || asked.startsWith(`${one.toLowerCase()}:`));
  const extension = schema === undefined ? undefined : words.get(schema.toLowerCase());
  const rest = schema === undefined ? asked : asked.slice(schema.length + 1);
  if (extension && rest === '') return [extension];
  const [name = '', part, ...more] = rest.split('.');
  const attribute = (extension?.parts ?? words).get(name);
  if (!attribute || attribute.isExtension || more.length > 0) return undefined;
  const inner = part === undefined ? undefined : attribute.parts.get(part);
  if (part !== undefined && !inner) return undefined;
  return [...(extension ? [extension] : []), attribute, ...(inner ? [inner] : [])] as unknown as Path;
}
