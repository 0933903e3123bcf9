/** Ways to spoil a document: every bit, every member, every value. */
import type { Json } from '@conclave/audit-core';

/** The bytes with one bit flipped. */
export function flipped(bytes: Uint8Array, at: number, bit: number): Uint8Array {
  const changed = bytes.slice();
  changed[at]! ^= 1 << bit;
  return changed;
}

/** Every place in a document. */
export function pathsOf(value: Json, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [[...path, key], ...pathsOf(item, [...path, key])]);
}

/** The document with another value at a place. */
export function replaced(value: Json, [step, ...rest]: readonly string[], by: Json): Json {
  if (step === undefined) return by;
  if (Array.isArray(value)) return value.map((item, at) => (String(at) === step ? replaced(item, rest, by) : item));
  const entries = Object.entries(value as object) as [string, Json][];
  return Object.fromEntries(entries.map(([key, item]) => [key, key === step ? replaced(item, rest, by) : item]));
}

/** What is put in the place of a value: of each kind, and the edges of each. */
export const strangers: readonly Json[] = [
  ...[null, true, false, -1, 0, 1, 2, 1_001, 2 ** 53 - 1, '', '0', ' ', '__proto__', 'abstain', 'approved'],
  ...['\n', '\u0000', '\u{1f600}', 'A'.repeat(44), '0'.repeat(64), 'x'.repeat(5_000)],
  ...[[], [[]], [0], ['a', 'a'], {}, { a: 0 }],
];

export interface Edit {
  readonly what: string;
  readonly path: string;
  readonly text: string;
}

/** Every object member of a document: once deleted, once renamed, once written twice. */
export function editsOf(document: Json): Edit[] {
  return pathsOf(document)
    .filter((path) => !/^\d+$/.test(path.at(-1)!))
    .flatMap((path) => {
      const pointer = `/${path.join('/')}`;
      const edit = (kind: string, members: (key: string, value: string) => string[]) => ({
        what: `${kind} ${pointer}`,
        path: pointer,
        text: written(document, path, members),
      });
      return [
        edit('delete', () => []),
        edit('rename', (key, value) => [`${JSON.stringify(`${key}_`)}:${value}`]),
        edit('double', (key, value) => [`${JSON.stringify(key)}:${value}`, `${JSON.stringify(key)}:${value}`]),
      ];
    });
}

/** The document as text, with the member at the path written as told. */
function written(value: Json, path: readonly string[], members: (key: string, value: string) => string[]): string {
  const [step, ...rest] = path;
  if (step === undefined || typeof value !== 'object' || value === null) return JSON.stringify(value);
  const item = (key: string, child: Json) => (key === step ? written(child, rest, members) : JSON.stringify(child));
  if (Array.isArray(value)) return `[${value.map((child, at) => item(String(at), child)).join(',')}]`;
  const texts = Object.entries(value).flatMap(([key, child]) =>
    key === step && rest.length === 0
      ? members(key, JSON.stringify(child))
      : [`${JSON.stringify(key)}:${item(key, child)}`],
  );
  return `{${texts.join(',')}}`;
}
