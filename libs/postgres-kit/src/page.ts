import { ConclaveError } from '@conclave/contracts';

/** A page has to fit a message. */
const PAGE_BYTES = 900_000;

/**
 * For what is kept: alone on a page it has to fit.
 * @throws ConclaveError `request.too-large`
 */
export function mustFitPage(value: unknown): void {
  if (Buffer.byteLength(JSON.stringify(value)) > PAGE_BYTES)
    throw new ConclaveError('request.too-large', { limitBytes: PAGE_BYTES });
}

/** Cuts a list that was read with `limit + 1` rows into a page; `cursorOf` its last row is where the next one begins. */
export function pageBy<T>(
  rows: readonly T[],
  limit: number,
  cursorOf: (row: T) => string,
): { items: T[]; next?: string } {
  let bytes = 0;
  const fitting = rows.findIndex((row) => (bytes += Buffer.byteLength(JSON.stringify(row)) + 1) > PAGE_BYTES);
  const items = rows.slice(0, fitting === -1 ? limit : Math.min(limit, Math.max(1, fitting)));
  const last = items.at(-1);
  return last && rows.length > items.length ? { items, next: cursorOf(last) } : { items };
}

/** {@link pageBy} id: ids sort by time. */
export const pageOf = <T extends { readonly id: string }>(rows: readonly T[], limit: number) =>
  pageBy(rows, limit, ({ id }) => id);
