/** Why Git work was refused; a closed set, each code is something the caller can explain. */
export type GitErrorCode =
  | 'not-a-repository'
  | 'unknown-ref'
  | 'empty-change'
  | 'too-large'
  | 'bad-diff'
  | 'bad-bundle'
  | 'git-missing'
  | 'timeout';

/** A refusal with a code; the message is for people and never holds file content. */
export class GitError extends Error {
  override readonly name = 'GitError';

  constructor(
    readonly code: GitErrorCode,
    message: string,
  ) {
    super(message);
  }
}
