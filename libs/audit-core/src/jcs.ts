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
  let text = '';
  for (const key of Object.keys(value).sort())
    text += `${text === '' ? '' : ','}${writeString(key)}:${write(value[key], depth)}`;
  return text;
}

/** JSON.stringify escapes a well-formed string exactly as RFC 8785 §3.2.2.2 asks. */
function writeString(text: string): string {
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
