/**
 * Canonical JSON (RFC 8785), restricted to the values proofs are made of.
 *
 * Numbers are safe integers, so the RFC's number rule (ECMAScript's shortest form) reduces to decimal
 * digits and any language can write a second verifier. What another parser might read differently is
 * refused, never repaired: floats, -0, lone surrogates, `undefined` members, class instances.
 */
import { MalformedError } from './malformed-error.js';

/** Deepest nesting that canonical and strict JSON accept; also what stops a cyclic value. */
export const MAX_JSON_DEPTH = 64;

/** Canonical text that stands in a value for what it was written from, so that it is written once. */
export class Canonical {
  constructor(readonly text: string) {}
}

/** The canonical text of a value; its UTF-8 bytes are what is hashed or signed. */
export function jcs(value: unknown): string {
  return write(value, 0);
}

function write(value: unknown, depth: number): string {
  if (depth > MAX_JSON_DEPTH) throw refuse(`nested deeper than ${MAX_JSON_DEPTH}`);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return writeString(value);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw refuse(`${value} is not a safe integer`);
    return String(value);
  }
  if (Array.isArray(value)) return `[${list(value, depth + 1)}]`;
  if (value instanceof Canonical) return value.text;
  if (isPlainObject(value)) return `{${members(value, depth + 1)}}`;
  throw refuse(`a ${typeof value} has no canonical form`);
}

// Text grows piece by piece: lists of pieces to be joined would cost as much again.
function list(values: readonly unknown[], depth: number): string {
  let text = '';
  for (let at = 0; at < values.length; at++) text += `${at === 0 ? '' : ','}${write(values[at], depth)}`;
  return text;
}

function members(value: Readonly<Record<string, unknown>>, depth: number): string {
  const keys = inOrder(Object.keys(value));
  let text = '';
  for (let at = 0; at < keys.length; at++)
    text += `${at === 0 ? '' : ','}${writeString(keys[at]!)}:${write(value[keys[at]!], depth)}`;
  return text;
}

/** By UTF-16 code units (RFC 8785 §3.2.3). Few names are put in order by insertion, which allocates nothing. */
function inOrder(names: string[]): string[] {
  if (names.length > FEW) return names.sort();
  for (let next = 1; next < names.length; next++) {
    const name = names[next]!;
    let at = next;
    for (; at > 0 && names[at - 1]! > name; at--) names[at] = names[at - 1]!;
    names[at] = name;
  }
  return names;
}
const FEW = 24;

/** Names, ids and digests are short and have nothing to escape, which is seen sooner than JSON.stringify is called. */
function writeString(text: string): string {
  if (text.length > SHORT) return writeLong(text);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < SPACE || code > TILDE || code === QUOTE || code === BACKSLASH) return writeLong(text);
  }
  return `"${text}"`;
}
const SHORT = 100;
const [SPACE, QUOTE, BACKSLASH, TILDE] = [0x20, 0x22, 0x5c, 0x7e] as const;

/** JSON.stringify escapes a well-formed string exactly as RFC 8785 §3.2.2.2 asks. */
function writeLong(text: string): string {
  if (!text.isWellFormed()) throw refuse('lone surrogate');
  return JSON.stringify(text);
}

/** Judged by the depth of the prototype chain, because each realm has its own `Object.prototype`. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function refuse(reason: string): MalformedError {
  return new MalformedError('canonical JSON', reason);
}
