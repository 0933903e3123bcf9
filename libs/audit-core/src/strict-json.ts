/**
 * JSON (RFC 8259) as two careful parsers must agree on it (I-JSON, RFC 7493, integers only).
 *
 * `JSON.parse` keeps the last of two equal keys and rounds big numbers, so two verifiers can read two
 * different documents from one signed text. This parser refuses: duplicate keys, numbers that are not
 * safe integers (fractions, exponents, -0 included), lone surrogates, the key `__proto__`, nesting
 * beyond 64, more than a million values (a megabyte of `{}` costs a hundred of memory), and anything
 * after the value. Objects have no prototype, so no key is ever inherited.
 */
import { MAX_JSON_DEPTH } from './jcs.js';
import { MalformedError } from './malformed-error.js';

/** What a strictly parsed document can hold. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

/** An object of a strictly parsed document. */
export interface JsonObject {
  [key: string]: Json;
}

/** Reads one JSON value that fills the whole text. */
export function parseStrictJson(text: string): Json {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

const MAX_VALUES = 1_000_000;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?![0-9.eE])/y;
const WHITESPACE = /[ \t\n\r]*/y;

class Reader {
  private at = 0;
  private values = 0;

  constructor(private readonly text: string) {}

  value(depth: number): Json {
    if (depth > MAX_JSON_DEPTH) throw this.refuse(`nested deeper than ${MAX_JSON_DEPTH}`);
    if (++this.values > MAX_VALUES) throw this.refuse(`more than ${MAX_VALUES} values`);
    this.skipWhitespace();
    const first = this.text[this.at];
    if (first === '{') return this.object(depth);
    if (first === '[') return this.array(depth);
    if (first === '"') return this.string();
    if (first === 't') return this.word('true', true);
    if (first === 'f') return this.word('false', false);
    if (first === 'n') return this.word('null', null);
    return this.number();
  }

  end(): void {
    this.skipWhitespace();
    if (this.at !== this.text.length) throw this.refuse('text after the value');
  }

  private object(depth: number): JsonObject {
    const members = Object.create(null) as JsonObject;
    this.items('}', () => {
      this.skipWhitespace();
      const key = this.string();
      if (key === '__proto__') throw this.refuse('key __proto__');
      if (key in members) throw this.refuse(`duplicate key ${JSON.stringify(key)}`);
      this.expect(':');
      members[key] = this.value(depth + 1);
    });
    return members;
  }

  private array(depth: number): Json[] {
    const items: Json[] = [];
    this.items(']', () => items.push(this.value(depth + 1)));
    return items;
  }

  /** Comma-separated items up to the closing bracket; the opening one is the current character. */
  private items(close: string, read: () => void): void {
    this.at++;
    if (this.accept(close)) return;
    do read();
    while (this.accept(','));
    this.expect(close);
  }

  /** Finds the closing quote by hand: a regular expression would overflow on a megabyte of payload. */
  private string(): string {
    const start = this.at;
    if (this.text[this.at] !== '"') throw this.refuse('a string was expected');
    let escaped = false;
    for (this.at++; this.text[this.at] !== '"'; this.at++) {
      if (this.at >= this.text.length) throw this.refuse('unterminated string');
      if (this.text.charCodeAt(this.at) < 0x20) throw this.refuse('control character in a string');
      if (this.text[this.at] === '\\') {
        escaped = true;
        this.at++;
      }
    }
    this.at++;
    const value = escaped ? this.unescape(start) : this.text.slice(start + 1, this.at - 1);
    if (!value.isWellFormed()) throw this.refuse('lone surrogate');
    return value;
  }

  private unescape(start: number): string {
    try {
      return JSON.parse(this.text.slice(start, this.at)) as string;
    } catch {
      throw this.refuse('bad escape');
    }
  }

  private number(): number {
    NUMBER.lastIndex = this.at;
    const digits = NUMBER.exec(this.text)?.[0];
    if (digits === undefined) throw this.refuse('an integer or another value was expected');
    const value = Number(digits);
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw this.refuse(`${digits} is not a safe integer`);
    this.at += digits.length;
    return value;
  }

  private word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) throw this.refuse(`${word} was expected`);
    this.at += word.length;
    return value;
  }

  private accept(character: string): boolean {
    this.skipWhitespace();
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private expect(character: string): void {
    if (!this.accept(character)) throw this.refuse(`'${character}' was expected`);
  }

  private skipWhitespace(): void {
    WHITESPACE.lastIndex = this.at;
    WHITESPACE.exec(this.text);
    this.at = WHITESPACE.lastIndex;
  }

  private refuse(reason: string): MalformedError {
    return new MalformedError('JSON', `${reason} (at character ${this.at})`);
  }
}
