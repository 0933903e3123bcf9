/**
 * Bytes or text that are not in the format they claim.
 *
 * The one error every parser of this library throws, so that a verifier can tell hostile or damaged
 * input from a bug. `format` names the specification that was broken.
 */
export class MalformedError extends Error {
  override readonly name = 'MalformedError';

  constructor(
    readonly format: string,
    reason: string,
  ) {
    super(`${format}: ${reason}`);
  }
}
