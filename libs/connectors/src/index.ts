export { GitError, type GitErrorCode } from './git/git-error.js';
export { pathBytes, pathText } from './git/git-path.js';
export { type ChangeRequest, defaultReadLimits, readChange, type ReadLimits } from './git/read-change.js';
export { defaultBranch, mergeBase, readFileAt, resolveCommit, treeOf } from './git/repository.js';
