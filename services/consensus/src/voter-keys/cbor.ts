/**
 * CBOR (RFC 8949) as far as authenticators write it (CTAP2 canonical form): definite lengths, shortest heads, maps with
 * integer or text keys, each once. Tags, floats and anything else are refused, so one document has one reading.
 */
import { fromUtf8, MalformedError } from '@conclave/audit-core';

export type Cbor = number | string | boolean | null | Uint8Array | readonly Cbor[] | CborMap;
export type CborMap = ReadonlyMap<number | string, Cbor>;

const MAX_DEPTH = 8;

/** Reads the value at the start of the bytes; `length` is how many it takes. @throws MalformedError */
export function readCbor(bytes: Uint8Array): { readonly value: Cbor; readonly length: number } {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  return { value, length: reader.at };
}

class Reader {
  at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  value(depth: number): Cbor {
    if (depth > MAX_DEPTH) throw refuse('nested too deep');
    const [major, argument] = this.head();
    switch (major) {
      case 0:
        return argument;
      case 1:
        return -1 - argument;
      case 2:
        return this.take(argument);
      case 3:
        return fromUtf8(this.take(argument));
      case 4:
        return this.times(argument, () => this.value(depth + 1));
      case 5:
        return this.map(argument, depth);
      default:
        return simple(major, argument);
    }
  }

  private map(size: number, depth: number): CborMap {
    const entries = this.times(size, () => [this.key(depth), this.value(depth + 1)] as const);
    const map = new Map(entries);
    if (map.size < entries.length) throw refuse('a key twice');
    return map;
  }

  private key(depth: number): number | string {
    const key = this.value(depth + 1);
    if (typeof key !== 'number' && typeof key !== 'string') throw refuse('a key that is neither number nor text');
    return key;
  }

  /** Counts no further than there are bytes: every item takes one at least. */
  private times<T>(count: number, item: () => T): T[] {
    if (count > this.bytes.length) throw refuse('more items than bytes');
    return Array.from({ length: count }, item);
  }

  /** Major type and argument, which must be in its shortest form. */
  private head(): readonly [major: number, argument: number] {
    const first = this.take(1)[0]!;
    const info = first & 0x1f;
    if (info < 24) return [first >> 5, info];
    if (info > 26) throw refuse('an indefinite or overlong head');
    const size = 1 << (info - 24);
    const argument = this.take(size).reduce((sum, byte) => sum * 256 + byte, 0);
    if (argument < (size === 1 ? 24 : 256 ** (size / 2))) throw refuse('a head that is not the shortest');
    return [first >> 5, argument];
  }

  private take(length: number): Uint8Array {
    const taken = this.bytes.subarray(this.at, this.at + length);
    if (taken.length < length) throw refuse('ends too early');
    this.at += length;
    return taken;
  }
}

function simple(major: number, argument: number): boolean | null {
  if (major === 7 && argument >= 20 && argument <= 22) return argument === 22 ? null : argument === 21;
  throw refuse('a tag, a float or an unknown value');
}

const refuse = (reason: string): MalformedError => new MalformedError('cbor', reason);
