export {
  type BundleLimits,
  type BundleRefs,
  type CreatedBundle,
  createBundle,
  defaultBundleLimits,
} from './git/bundle.js';
export { commitFromDiff } from './git/commit-from-diff.js';
export { defaultExportLimits, type ExportedTree, type ExportLimits, exportTree } from './git/export-tree.js';
export { GitError, type GitErrorCode } from './git/git-error.js';
export { pathBytes, pathText } from './git/git-path.js';
export { gitLine, tryGit } from './git/git-process.js';
export { addNoteLines, readNoteLines, shareNotes } from './git/notes.js';
export { readNote } from './git/note-on-commit.js';
export { defaultOpenLimits, openBundle, type OpenLimits } from './git/open-bundle.js';
export { type ChangeRequest, defaultReadLimits, readChange, type ReadLimits } from './git/read-change.js';
export { defaultBranch, listFolderAt, mergeBase, readFileAt, resolveCommit, treeOf } from './git/repository.js';
