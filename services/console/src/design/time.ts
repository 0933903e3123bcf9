/** Times as people say them; all arguments are milliseconds. */
const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
] as const;

/** How long ago, in the largest unit that fits: `3h ago`; the last minute is `just now`. */
export function ago(at: number, now: number): string {
  const passed = Math.max(0, now - at);
  const fit = units.find(([, length]) => passed >= length);
  return fit === undefined ? 'just now' : `${Math.floor(passed / fit[1])}${fit[0]} ago`;
}

/** How long it took: `340 ms`, `4.2 s`, `42 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(lasted: number): string {
  const ms = Math.max(0, Math.round(lasted));
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 59_500) return `${Math.round(ms / 1_000)} s`;
  const seconds = Math.round(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const inZone = (timeZone?: string) =>
  new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium', ...(timeZone ? { timeZone } : {}) });
let whole = inZone();

/** Shows times in the zone that the reader chose; in that of the device without one. */
export function readIn(timeZone: string | undefined): void {
  whole = inZone(timeZone);
}

/** Date and time in the reader's zone. */
export const exactly = (at: number): string => whole.format(at);
