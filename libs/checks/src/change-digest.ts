import { hex, jcs, sha256, utf8 } from '@conclave/audit-core';
import type { Change } from './change.js';

/**
 * The digest that names what was judged: both trees and every changed path with its hunks. It depends on content
 * alone, not on commits, so it survives a squash or rebase that leaves the trees as they were.
 */
export function changeSha256(change: Change): string {
  const files = change.files.map(({ path, oldPath, status, oldMode, newMode, binary, hunks }) => ({
    path,
    ...(oldPath === undefined ? {} : { oldPath }),
    status,
    oldMode,
    newMode,
    binary,
    hunks: hunks.map((h) => ({ ...h })),
  }));
  return hex(sha256(utf8(jcs({ base: change.base.tree, head: change.head.tree, files }))));
}
