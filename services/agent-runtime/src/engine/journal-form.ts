/**
 * What can be kept. Postgres stores no NUL character and no half of a surrogate pair, in text or in JSON, and what a
 * program printed or a model wrote may hold either: refusing it would lose a verdict for the sake of a byte.
 */

/** The text with U+FFFD for each character that cannot be stored. */
export const cleanText = (text: string): string => text.toWellFormed().replaceAll('\0', '\uFFFD');

/** How JSON writes what cannot be stored, and that alone, in names and in values: after no escaped backslash's half. */
const UNFIT = /(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g;

/** The JSON text of a value as it is stored. */
export function journalJson(value: unknown): string {
  const json = JSON.stringify(value);
  return json.includes('\\u') ? json.replaceAll(UNFIT, '$1\uFFFD') : json;
}

/** The value as it will be read from the journal, so that nothing else is ever acted on. */
export const journalForm = <T>(value: T): T => JSON.parse(journalJson(value)) as T;
