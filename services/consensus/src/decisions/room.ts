import { ConclaveError } from '@conclave/contracts';
import { saidOn, type Ballot, type Decision, type voteMembers } from '@conclave/consensus-core';

/** Terms, and what everybody says on them, end up in one receipt and in one reply, which have to fit a message. */
const TERMS_BYTES = 100_000;
const SAID_BYTES = 100_000;

const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** @throws ConclaveError `request.too-large` */
export function requireRoomForTerms(terms: object): void {
  if (sizeOf(terms) > TERMS_BYTES) throw new ConclaveError('request.too-large', { limitBytes: TERMS_BYTES });
}

/** Each voter and gate has an equal share of the room. @throws ConclaveError `request.too-large` */
export function requireRoomFor(
  ballot: Pick<Ballot, 'reason' | (typeof voteMembers)[number]>,
  { terms: { electorate, gates } }: Decision,
): void {
  const limitBytes = Math.floor(SAID_BYTES / (electorate.length + gates.length));
  if (sizeOf([ballot.reason, saidOn(ballot)]) > limitBytes)
    throw new ConclaveError('request.too-large', { limitBytes });
}

/** What is said before the vote has its own room of the same size, shared by all voters in all phases. @throws ConclaveError `request.too-large` */
export function requireRoomForWords(text: string | undefined, { terms: { electorate } }: Decision): void {
  const limitBytes = Math.floor(SAID_BYTES / (3 * electorate.length));
  if (sizeOf([text]) > limitBytes) throw new ConclaveError('request.too-large', { limitBytes });
}
