/**
 * What a directory sends, in the words of the schema and without dialect: names as the schema spells them, booleans and
 * numbers sent as text, one value where a list is meant and a list where one value is, a bare text for a complex value.
 * What the schema does not know, and what only the server says, is passed over (RFC 7643 § 2.2, RFC 7644 § 3.3).
 */
import { refuse, type Json } from './protocol.js';
import { pathOf, type Attribute, type Path, type Vocabulary } from './vocabulary.js';

export type Draft = Record<string, unknown>;

/** A resource as it was sent. */
export function readResource(vocabulary: Vocabulary, sent: Json): Json {
  const draft: Draft = {};
  for (const [name, value] of Object.entries(sent)) {
    const path = pathOf(vocabulary, name);
    if (path?.[0].name === 'schemas') draft['schemas'] = value;
    else if (path && isWritable(path)) put(draft, path, readValue(path.at(-1)!, value));
  }
  return draft;
}

/** Of values in a list a part is said by the value. */
const isWritable = (path: Path): boolean =>
  !path.some(({ isReadOnly }) => isReadOnly) && !path.slice(0, -1).some(({ isMany }) => isMany);

/** A value of the attribute; undefined for none. @throws 400 `invalidValue` */
export function readValue(attribute: Attribute, sent: unknown): unknown {
  if (sent === undefined || sent === null) return undefined;
  if (attribute.isMany) {
    const values = [sent].flat().map((one) => readOne(attribute, one));
    return values.filter((one) => one !== undefined);
  }
  return readOne(attribute, Array.isArray(sent) && (attribute.type === 'complex' || sent.length < 2) ? sent[0] : sent);
}

/** One of the values of the attribute. */
export function readOne(attribute: Attribute, sent: unknown): unknown {
  if (sent === undefined || sent === null) return undefined;
  if (attribute.type === 'complex') return readParts(attribute, sent);
  if (sent === '' && attribute.type !== 'string') return undefined;
  if (attribute.type === 'boolean' && typeof sent === 'string' && /^(?:true|false)$/i.test(sent))
    return sent.toLowerCase() === 'true';
  const isText = attribute.type === 'string' || attribute.type === 'reference';
  return isText && (typeof sent === 'number' || typeof sent === 'boolean') ? String(sent) : sent;
}

function readParts(attribute: Attribute, sent: unknown): unknown {
  const { name, parts } = attribute;
  if (typeof sent !== 'object') {
    const value = parts.get('value');
    if (!value) return refuse(400, `${name} is said by its parts`, 'invalidValue');
    return sent === '' ? undefined : { [value.name]: readValue(value, sent) };
  }
  const draft: Draft = {};
  for (const [word, value] of Object.entries(sent!)) {
    const part = parts.get(word.toLowerCase());
    const read = part && !part.isReadOnly ? readValue(part, value) : undefined;
    if (read !== undefined) draft[part!.name] = read;
  }
  return Object.keys(draft).length > 0 ? draft : undefined;
}

/** Puts a value where the path leads; what has parts is added to. Nothing is put for no value. */
export function put(draft: Draft, path: Path, value: unknown): void {
  if (value === undefined) return;
  const { name, type, isMany } = path.at(-1)!;
  const at = path.slice(0, -1).reduce((outer: Draft, one) => (outer[one.name] ??= {}) as Draft, draft);
  at[name] = type === 'complex' && !isMany ? { ...(at[name] as Draft | undefined), ...(value as Draft) } : value;
}
