import { ConclaveError } from '@conclave/contracts';
import {
  agendaOf,
  hasRounds,
  largestResult,
  type Admission,
  type Decision,
  type Option,
  type Terms,
} from '@conclave/consensus-core';

/** What a receipt may take of the message it is read with, beside its log entry, its proof and the question. */
const RECEIPT_BYTES = 960_000;
const TERMS_BYTES = 100_000;
/** Texts said before the vote stand beside the signed payload. */
const WORDS_BYTES = 100_000;
/** A ballot of few words with its signature: where not every statement may have that much, nothing is opened. */
const LEAST_BYTES = 1_000;
/** What the tally may come to take when options are proposed. */
const PROPOSED_BYTES = 200_000;
/** A voter's record without the statements, its name among those who were asked or spared; the path and salt of a text. */
const RECORD_BYTES = 200;

const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** @throws ConclaveError `request.too-large` */
export function requireRoomForTerms(terms: object): void {
  if (sizeOf(terms) > TERMS_BYTES) throw new ConclaveError('request.too-large', { limitBytes: TERMS_BYTES });
}

/** Whatever is said on these terms, the receipt has to fit a message. @throws ConclaveError `request.too-large` */
export function requireRoomForReceipt(terms: Terms): void {
  if (shareOf(terms) < LEAST_BYTES) throw new ConclaveError('request.too-large', { limitBytes: RECEIPT_BYTES });
}

/** Each statement with its signature, and each report, has an equal share of the room. @throws ConclaveError `request.too-large` */
export function requireRoomFor(statement: object, { terms }: Decision): void {
  const limitBytes = Math.max(shareOf(terms), LEAST_BYTES);
  if (sizeOf(statement) > limitBytes) throw new ConclaveError('request.too-large', { limitBytes });
}

/** The texts of what is said before the vote have their own room, shared by all voters in all phases. @throws ConclaveError `request.too-large` */
export function requireRoomForWords(text: string | undefined, { terms: { electorate } }: Decision): void {
  const limitBytes = Math.floor(WORDS_BYTES / (3 * electorate.length));
  if (sizeOf([text]) > limitBytes) throw new ConclaveError('request.too-large', { limitBytes });
}

/** Why one more option is too many: a tally over all of them could not be told. */
export function refusalOfOption({ terms, discussion }: Decision, { id }: Option): Admission | undefined {
  const ids = new Set([...agendaOf(terms.options, discussion).map((option) => option.id), id]);
  return tallyOver([...ids], terms) > tallyRoom(terms)
    ? { events: [], refusal: { code: 'consensus.contribution.conflict', reason: 'options-full' } }
    : undefined;
}

const shares = new WeakMap<Terms, number>();

/** Asked for with every ballot, computed once. */
function shareOf(terms: Terms): number {
  const known = shares.get(terms) ?? share(terms);
  shares.set(terms, known);
  return known;
}

/** At most two ballots of a voter are kept, and in a sealed decision a commitment; before the vote, three contributions. */
function share(terms: Terms): number {
  const { electorate, gates, secrecy } = terms;
  const spoken = hasRounds(terms) ? 3 * electorate.length : 0;
  const signed = electorate.length * (secrecy === 'sealed' ? 3 : 2) + spoken;
  const beside = spoken > 0 ? WORDS_BYTES + RECORD_BYTES * spoken : 0;
  // The payload travels as base64.
  const payload = ((RECEIPT_BYTES - beside) * 3) / 4;
  const taken = sizeOf(terms) + tallyRoom(terms) + RECORD_BYTES * electorate.length;
  // One more, for a veto.
  return Math.floor((payload - taken) / (signed + gates.length + 1));
}

function tallyRoom(terms: Terms): number {
  const stated = tallyOver(
    terms.options.map(({ id }) => id),
    terms,
  );
  return terms.rounds?.propose ? Math.max(stated, PROPOSED_BYTES) : stated;
}

function tallyOver(options: readonly string[], { rule, electorate }: Terms): number {
  const weight = electorate.reduce((sum, voter) => sum + voter.weight, 0);
  return largestResult(rule, options, weight);
}
