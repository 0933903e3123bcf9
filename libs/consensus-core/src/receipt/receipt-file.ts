/**
 * The receipt as a file, and what the log says about a decision.
 *
 * Invariants: exactly one signature in the envelope (the service's); log and receipt bind each other, because the
 * logged `sealed` entry holds the payload's digest and the receipt holds the entry with its proof. Keys inside the
 * file are hints, never trust. Disclosures may be removed without breaking anything.
 */
import { hex, jcs, sha256, utf8, type DsseEnvelope } from '@conclave/audit-core';
import { identifier, sha256Hex, salt } from '../primitives.js';
import { json, list, object, oneOf, read, text, type Of, type Read } from '../shape.js';
import { dataDigest, termsDigest, type PublicTerms } from '../terms.js';
import { outcomeShape, type Predicate } from './predicate.js';

export const RECEIPT_MEDIA_TYPE = 'application/vnd.conclave.decision-receipt.v1+json';
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

const base64Text = (max: number) => text(max, 1, /^[A-Za-z0-9+/]+={0,2}$/);

const disclosureShape = object({
  /** JSON Pointer (RFC 6901) of the commitment in the predicate. */
  path: text(200),
  salt,
  value: json,
});
/** Data behind a commitment of the predicate, with the salt that opens it. */
export type Disclosure = Of<typeof disclosureShape>;

const receiptFileShape = object({
  mediaType: oneOf(RECEIPT_MEDIA_TYPE),
  envelope: object({
    payloadType: oneOf(PAYLOAD_TYPE),
    payload: base64Text(20_000_000),
    signatures: list(object({ keyid: text(200), sig: base64Text(4_096) }), 1, 1),
  }),
  log: object({
    /** The leaf's exact bytes, base64. */
    entry: base64Text(100_000),
    /** `c2sp.org/tlog-proof@v1` text: index, audit path, checkpoint with its cosignatures. */
    proof: text(200_000, 1),
  }),
  disclosures: list(disclosureShape, 3_001),
});

/** `decision-<id>.receipt.json`. */
export interface ReceiptFile {
  readonly mediaType: typeof RECEIPT_MEDIA_TYPE;
  readonly envelope: DsseEnvelope;
  readonly log: { readonly entry: string; readonly proof: string };
  readonly disclosures: readonly Disclosure[];
}

/** Reads a receipt file of any origin strictly. The text must come from a strict JSON parser (no duplicate keys). */
export function parseReceiptFile(value: unknown): Read<ReceiptFile> {
  return read(receiptFileShape, value);
}

/** Pointers of disclosures that do not open a commitment of the predicate. */
export function falseDisclosures(predicate: Predicate, disclosures: readonly Disclosure[]): string[] {
  return disclosures
    .filter(({ path, salt, value }) => dataDigest(salt, value) !== commitmentAt(predicate, path))
    .map(({ path }) => path);
}

/** The salted commitment that a path names: the question's, or that of a text said before the vote. */
function commitmentAt({ question, discussion = [] }: Predicate, path: string): string | undefined {
  if (path === '/question') return question.sha256;
  return discussion.find((_, at) => path === `/discussion/${at}`)?.contribution.textSha256;
}

/** What the `decision.opened` entry holds: the terms, by digest; rule, electorate and keys are fixed from here on. */
export interface OpenedEntry {
  readonly decision: string;
  readonly termsSha256: string;
}

/** What the `decision.commits-closed` entry holds: who committed to what, by digest. */
export interface CommitsClosedEntry {
  readonly decision: string;
  readonly commitsSha256: string;
}

const sealedEntryShape = object({ decision: identifier, outcome: outcomeShape, payloadSha256: sha256Hex });
/** What the `decision.sealed` entry holds besides times and subject. */
export type SealedEntry = Of<typeof sealedEntryShape>;

const sealedMembers = ['decision', 'outcome', 'payloadSha256'];

/**
 * Reads a logged `decision.sealed` entry: `{type, data: {decision, outcome, payloadSha256, …}, …}`.
 * The log adds members of its own (actor, time, event id); they are covered by the leaf hash and ignored here.
 */
export function parseSealedEntry(entry: unknown): Read<SealedEntry> {
  const { type, data } = Object(entry) as { type?: unknown; data?: unknown };
  if (type !== 'decision.sealed') return { ok: false, path: '/type', expected: 'decision.sealed' };
  const known = Object.entries(Object(data) as object).filter(([name]) => sealedMembers.includes(name));
  return read(sealedEntryShape, Object.fromEntries(known));
}

/** The `sealed` entry that belongs to a predicate's signed payload. */
export function sealedEntryOf(predicate: Predicate, payload: Uint8Array): SealedEntry {
  return { decision: predicate.decisionId, outcome: predicate.outcome, payloadSha256: hex(sha256(payload)) };
}

/** The `opened` entry; computable at open and again from the finished receipt. */
export function openedEntryOf(terms: PublicTerms): OpenedEntry {
  return { decision: terms.decisionId, termsSha256: termsDigest(terms) };
}

/** The `commits-closed` entry: the digest of `[{voterId, commit}]` in the order of the electorate. */
export function commitsClosedEntryOf(predicate: Pick<Predicate, 'decisionId' | 'ballots'>): CommitsClosedEntry {
  const commits = predicate.ballots.flatMap(({ voterId, statements }) =>
    statements.flatMap(({ commit }) => (commit === undefined ? [] : [{ voterId, commit }])),
  );
  return { decision: predicate.decisionId, commitsSha256: hex(sha256(utf8(jcs(commits)))) };
}
