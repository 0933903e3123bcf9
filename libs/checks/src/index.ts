export { panelSha256, type PanelManifest, type PanelSeat } from './panels/panel.js';
export { changeSha256 } from './change-digest.js';
export type { Change, FileChange, FileStatus, Hunk, LimitHit, PastCommit, Revision } from './change.js';
export { ballotOf, canonicalFindings } from './check.js';
export type { Check, CheckBallot, CheckResult, Finding, Severity } from './check.js';
export { diffLines, linesOf, withoutHunk } from './diff/line-diff.js';
export { CHECKS, checkById, findingsSha256 } from './registry.js';
export { isContextPath } from './source/file-kind.js';
export { isCodeFile } from './source/language.js';
