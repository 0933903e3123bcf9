/**
 * A change as plain JSON-able data: everything a check may look at, and nothing else.
 *
 * Lines are the text split at `\n` (a trailing `\n` ends the last line, it does not open another; `\r` stays in the
 * line) and are numbered from 1. Paths are Git's bytes as UTF-8; a backslash, a control character or a byte that is not
 * UTF-8 is written as `\\` or `\xHH`, so that two different paths never look alike. Text that is not valid UTF-8 is
 * decoded with U+FFFD.
 */

/** What happened to one path; `type-changed` is a file that became a symlink or submodule, or the reverse. */
export type FileStatus = 'added' | 'modified' | 'deleted' | 'renamed' | 'type-changed';

/**
 * One maximal run of changed lines, without context.
 *
 * For a pure insertion `oldStart` is the old line *before* it, for a pure deletion `newStart` is the new line before it
 * (0 at the top of the file), as in `diff -U0`.
 */
export interface Hunk {
  oldStart: number;
  oldLines: number;
  newStart: number;
  newLines: number;
  removed: string[];
  added: string[];
}

/** One changed path. Text is present only when it was read: not for binary, too large, submodule or absent sides. */
export interface FileChange {
  /** The path in head; for a deleted file the path it had in base. */
  path: string;
  /** The path in base of a renamed file. */
  oldPath?: string;
  status: FileStatus;
  /** Git's octal mode, `000000` where the side does not exist: `100644`, `100755`, `120000` symlink, `160000` submodule. */
  oldMode: string;
  newMode: string;
  /** A NUL byte stands in the first 8,000 bytes of either side. */
  binary: boolean;
  /** Whole text in base; of a symlink its target. */
  before?: string;
  /** Whole text in head; of a symlink its target. */
  after?: string;
  /** A side did not fit a byte limit and was not read; `limits` names the size. */
  tooLarge?: boolean;
  /** Empty unless both existing sides were read as text. */
  hunks: Hunk[];
}

/** What a reader left out, and by which bound: a check that judges such a thing does not say yes without it. */
export interface LimitHit {
  limit: 'files' | 'file-bytes' | 'total-bytes' | 'tree-paths' | 'history-commits' | 'context-bytes' | 'change-commits';
  max: number;
  /** How many there were; a lower bound when counting stopped at the limit. */
  seen: number;
  path?: string;
}

/** A commit and the tree it holds, as hexadecimal object ids; the tree survives a squash, the commit does not. */
export interface Revision {
  commit: string;
  tree: string;
}

/** One commit before the change, with the paths it touched (at most the first hundred). */
export interface PastCommit {
  sha: string;
  files: string[];
}

/** The difference between two trees, with the surroundings the checks need. */
export interface Change {
  base: Revision;
  head: Revision;
  /** Sorted by path. */
  files: FileChange[];
  /** All paths on each side, sorted; incomplete when `limits` has `tree-paths`. */
  tree: { base: string[]; head: string[] };
  /** Text of manifests, lockfiles, CI, `.conclave/` and CODEOWNERS by path, changed or not (see `isContextPath`). */
  context: { base: Record<string, string>; head: Record<string, string> };
  /** Commits reachable from base, newest first, without merges and roots: the change itself is not in it. */
  history: PastCommit[];
  /** What the author says the change is for. */
  intent?: string;
  /** Commits of the change, oldest first. */
  commits: { sha: string; message: string }[];
  limits: LimitHit[];
}
