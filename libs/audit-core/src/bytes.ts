/**
 * Bytes and their text forms: hex and base64 (RFC 4648 §8 and §4), UTF-8 (RFC 3629).
 *
 * Decoders are strict: one byte string has exactly one accepted text, so that nobody can change a
 * signed document's text without changing its bytes.
 */
import { MalformedError } from './malformed-error.js';

const HEX_DIGITS = '0123456789abcdef';
const BASE64_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE64_VALUE = new Int8Array(128).fill(-1);
for (let value = 0; value < 64; value++) BASE64_VALUE[BASE64_ALPHABET.charCodeAt(value)] = value;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const HEX_OF_BYTE = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower-case hex. */
export function hex(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at++) text += HEX_OF_BYTE[bytes[at]!]!;
  return text;
}

/** Reads lower-case hex; upper case is refused, because a digest has one spelling. */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0) throw new MalformedError('hex', 'odd length');
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < text.length; at++) {
    const digit = HEX_DIGITS.indexOf(text.charAt(at));
    if (digit < 0) throw new MalformedError('hex', `unexpected character at ${at}`);
    bytes[at >> 1] = (bytes[at >> 1]! << 4) | digit;
  }
  return bytes;
}

/** Standard padded base64. */
export function base64(bytes: Uint8Array): string {
  const out = new Uint8Array(Math.ceil(bytes.length / 3) * 4).fill(0x3d);
  for (let from = 0, to = 0; from < bytes.length; from += 3, to += 4) {
    const digits = from + 3 <= bytes.length ? 4 : bytes.length - from + 1;
    const group = (bytes[from]! << 16) | ((bytes[from + 1] ?? 0) << 8) | (bytes[from + 2] ?? 0);
    for (let digit = 0; digit < digits; digit++) {
      out[to + digit] = BASE64_ALPHABET.charCodeAt((group >> (18 - 6 * digit)) & 63);
    }
  }
  return decoder.decode(out);
}

/** Reads standard base64; missing padding, whitespace and non-zero trailing bits are refused. */
export function fromBase64(text: string): Uint8Array {
  if (text.length % 4 !== 0) throw new MalformedError('base64', 'length is not a multiple of 4');
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const digits = text.length - padding;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let bits = 0;
  let held = 0;
  let to = 0;
  for (let at = 0; at < digits; at++) {
    const value = BASE64_VALUE[text.charCodeAt(at)] ?? -1;
    if (value < 0) throw new MalformedError('base64', `unexpected character at ${at}`);
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[to++] = bits >> held;
    }
  }
  if ((bits & ((1 << held) - 1)) !== 0) throw new MalformedError('base64', 'trailing bits are not zero');
  return bytes;
}

/** UTF-8 of a string; a lone surrogate is refused instead of being replaced. */
export function utf8(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new MalformedError('utf-8', 'lone surrogate');
  return encoder.encode(text);
}

/** Text of UTF-8 bytes; invalid sequences are refused and a byte order mark is kept as a character. */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new MalformedError('utf-8', 'invalid byte sequence');
  }
}

/** The parts, one after the other. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Equality of public bytes (digests, keys); takes no care about timing. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
