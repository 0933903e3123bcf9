/**
 * The small shapes every ballot, event and receipt is built from, with their limits.
 *
 * Limits are part of the format: a verifier refuses what an honest service could never have written.
 */
import { integer, object, text, type Of } from './shape.js';

/** The largest input of each kind. */
export const LIMITS = {
  options: 100,
  voters: 1_000,
  gates: 50,
  ballots: 10_000,
  weight: 1_000_000,
  /** Keeps every sum of weights times scores an exact integer (< 2^53). */
  totalWeight: 9_000_000_000_000,
  score: 1_000,
  /**
   * Work on tie orders in one tally. irv spends it on every universe but the first: the tiers looked at, plus the options.
   * Ranked pairs spends, in each state, the victories of the tier plus up to options squared.
   */
  tieSteps: 5_000_000,
  /** What a result that is asked for may take as JSON: it travels in one message. */
  resultBytes: 900_000,
} as const;

/** A name that machines compare and people read: one line without control characters. */
export const label = (max: number) => text(max, 1, /^\P{Cc}+$/u);
/** Words for people: line breaks and tabs, but nothing else that could steer a terminal. */
export const prose = (max: number) => text(max, 1, /^(?:\P{Cc}|[\n\t])+$/u);
export const identifier = label(100);
/** `__proto__` is refused because strict JSON parsers refuse it as a key. */
export const optionId = text(100, 1, /^(?!__proto__$)\P{Cc}+$/u);
export const sha256Hex = text(64, 64, /^[0-9a-f]+$/);
export const gitObjectId = text(64, 40, /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);
/** RFC 3339 in UTC. A label for people: nothing is ever decided by it, order is `seq` alone. */
export const timestamp = text(40, 20, /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/);
/** Place of an event in its decision, from 1: the only clock of the protocol. */
export const seq = integer(1);
export const weight = integer(1, LIMITS.weight);

/** An exact ratio; compared by cross-multiplication, never divided. */
export const fraction = object({ num: integer(0, 1_000_000), den: integer(1, 1_000_000) });
export type Fraction = Of<typeof fraction>;

/** 32 bytes in standard base64; trailing bits are zero, so there is one spelling. */
const bytes32 = text(44, 44, /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/);
/** Random bytes that keep a commitment from being guessed. */
export const salt = bytes32;
/** A raw public key: 32 bytes of Ed25519, or the 65 of an uncompressed P-256 point. */
export const publicKey = text(
  88,
  44,
  /^(?:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/]{86}[AEIMQUYcgkosw048]=)$/,
);
/** A raw Ed25519 signature, 64 bytes in standard base64. */
export const signatureValue = text(88, 88, /^[A-Za-z0-9+/]{85}[AQgw]==$/);
/** Any bytes in standard base64, in their one spelling. */
export const base64Of = (maxBytes: number) =>
  text(
    4 * Math.ceil(maxBytes / 3),
    0,
    /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/,
  );
