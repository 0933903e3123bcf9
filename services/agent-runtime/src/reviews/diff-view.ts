import type { Change } from '@conclave/checks';
import type { ReplyOf, runtime } from '@conclave/contracts';

const MAX_LINES = 5_000;
/** Together below what fits a message. */
const LISTING_BYTES = 300_000;
const HUNKS_BYTES = 600_000;
export type DiffView = ReplyOf<typeof runtime.getRunDiff>;

const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** The change for people to look at: every file, and its hunks while there is room; a file without says so. */
export function diffView(change: Change): DiffView {
  const files: DiffView['files'] = [];
  let room = { listing: LISTING_BYTES, hunks: HUNKS_BYTES, lines: MAX_LINES };
  for (const { path, oldPath, status, binary, hunks } of change.files) {
    const listed = { path, ...(oldPath === undefined ? {} : { oldPath }), status, binary, hunks: [], truncated: true };
    const shown = hunks.map((h) => ({
      oldStart: h.oldStart,
      newStart: h.newStart,
      lines: [...h.removed.map((line) => `-${line}`), ...h.added.map((line) => `+${line}`)],
    }));
    const left = {
      listing: room.listing - sizeOf(listed),
      hunks: room.hunks - sizeOf(shown),
      lines: room.lines - shown.reduce((sum, hunk) => sum + hunk.lines.length, 0),
    };
    if (left.listing < 0) return { truncated: true, files };
    const { truncated: _whole, ...whole } = { ...listed, hunks: shown };
    const fits = left.hunks >= 0 && left.lines >= 0;
    files.push(fits ? whole : listed);
    room = fits ? left : { ...room, listing: left.listing };
  }
  return { truncated: files.some((file) => file.truncated), files };
}
