/** Reads JSON that somebody else wrote, member by member, without trusting its shape. */

/** A parsed object; nothing when the text is no JSON object. */
export function jsonObject(text: string | undefined): Record<string, unknown> | undefined {
  try {
    return objectOf(JSON.parse(text ?? ''));
  } catch {
    return undefined; // Not JSON is an answer here, not a fault.
  }
}

/** The value as an object, if it is one. */
export function objectOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** The members that are strings. */
export function stringsOf(value: unknown): Map<string, string> {
  const entries = Object.entries(objectOf(value) ?? {});
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
