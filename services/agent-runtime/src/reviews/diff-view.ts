import type { Change } from '@conclave/checks';
import type { ReplyOf, runtime } from '@conclave/contracts';

const MAX_LINES = 5_000;
export type DiffView = ReplyOf<typeof runtime.getRunDiff>;

/** The change for people to look at: hunks file by file, cut after five thousand lines. */
export function diffView(change: Change): DiffView {
  let lines = 0;
  const files: DiffView['files'] = [];
  for (const { path, oldPath, status, binary, hunks } of change.files) {
    const shown = hunks.map((h) => ({
      oldStart: h.oldStart,
      newStart: h.newStart,
      lines: [...h.removed.map((line) => `-${line}`), ...h.added.map((line) => `+${line}`)],
    }));
    lines += shown.reduce((sum, hunk) => sum + hunk.lines.length, 0);
    if (lines > MAX_LINES) return { truncated: true, files };
    files.push({ path, ...(oldPath === undefined ? {} : { oldPath }), status, binary, hunks: shown });
  }
  return { truncated: false, files };
}
