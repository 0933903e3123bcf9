/**
 * JSON as the edge accepts it: UTF-8, no member twice, no more than 64 levels, no text a database could not keep. What
 * passes can be handed on, stored and signed by everybody behind the edge without a surprise.
 */
import { ConclaveError } from '@conclave/contracts';

const MAX_DEPTH = 64;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws ConclaveError `request.malformed` with the reason */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = decode(bytes);
  refuseDeepNesting(text);
  const value = parse(text);
  const twice = repeatedMember(text);
  if (twice !== undefined) throw malformed(`member ${JSON.stringify(twice)} is given twice`);
  return value;
}

/**
 * Refuses text with a NUL or half a surrogate pair, wherever the value came from: Postgres and UTF-8 have no place for
 * them.
 *
 * @throws ConclaveError `request.malformed` with the reason
 */
export function refuseUnstorable(value: unknown): void {
  if (typeof value === 'string' && (!value.isWellFormed() || value.includes('\0')))
    throw malformed('text holds a NUL or half a surrogate pair');
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    refuseUnstorable(key);
    refuseUnstorable(member);
  }
}

const malformed = (reason: string) => new ConclaveError('request.malformed', { reason });

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw malformed('not UTF-8');
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('not JSON');
  }
}

/** Counts levels before anything is built of them: hostile nesting costs one pass over its characters. */
function refuseDeepNesting(text: string): void {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (quoted) {
      if (character === '\\') at += 1;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === '}' || character === ']') depth -= 1;
    else if ((character === '{' || character === '[') && ++depth > MAX_DEPTH)
      throw malformed(`more than ${MAX_DEPTH} levels`);
  }
}

/** A member name that occurs twice in one object of a valid document; `JSON.parse` would keep the last silently. */
function repeatedMember(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{' || character === '[') open.push(undefined);
    else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const end = endOfString(text, at);
      if (isFollowedByColon(text, end)) {
        const name = JSON.parse(text.slice(at, end)) as string;
        const names = (open[open.length - 1] ??= new Set());
        if (names.has(name)) return name;
        names.add(name);
      }
      at = end - 1;
    }
  }
  return undefined;
}

/** The place behind the closing quote of the string that begins here. */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function isFollowedByColon(text: string, from: number): boolean {
  let at = from;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++;
  return text[at] === ':';
}
