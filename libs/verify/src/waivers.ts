/**
 * Whether people who may do so have waived everything that rejected a change.
 *
 * Source: `docs/spec/waiver.md`. Asked only of a receipt that holds in every other respect, and only under a trust root
 * that names who may waive and how many of them it takes. A waiver that does not hold is told and counts for nothing.
 */
import {
  fromBase64,
  fromUtf8,
  hex,
  jcs,
  MalformedError,
  parseStrictJson,
  preAuthEncoding,
  sha256,
  verifyEd25519,
} from '@conclave/audit-core';
import {
  objectionsOf,
  parseSignedWaiver,
  parseWaiver,
  type Objection,
  type Read,
  type Waiver,
} from '@conclave/consensus-core';
import type { OpenReceipt } from './open-receipt.js';
import type { TrustPolicy } from './trust-policy.js';

/** Signed waivers as texts, and the time at which they are looked at, in milliseconds since the epoch. */
export interface WaiversAtHand {
  readonly texts: readonly string[];
  readonly now: number;
}

/** What became of one waiver. */
export interface WaiverFinding {
  readonly accepted: boolean;
  readonly detail: string;
}

/** What became of all of them. */
export interface WaiverReport {
  /** Every objection is waived by as many authorities as it takes. */
  readonly waived: boolean;
  readonly findings: readonly WaiverFinding[];
  /** Objections that still stand, in words; none where nothing could be waived. */
  readonly standing: readonly string[];
}

/** A clock may be behind that of whoever signs by this much. */
const SKEW_MS = 360_000;

/** The texts of a file: a waiver a line. */
export const waiversIn = (file: string): string[] => file.split('\n').filter((line) => line.trim() !== '');

/** Judges the waivers of a genuine receipt. Never throws on what they hold. */
export async function judgeWaivers(
  receipt: OpenReceipt,
  trust: TrustPolicy,
  { texts, now }: WaiversAtHand,
): Promise<WaiverReport> {
  const objections = objectionsOf(receipt.predicate);
  const lifted = new Map(objections.map((objection) => [jcs(objection), new Set<string>()]));
  const findings: WaiverFinding[] = [];
  for (const text of texts) {
    try {
      const { waiver, by } = await openWaiver(text, trust.waivers.keys);
      refuseForeign(waiver, receipt, now);
      for (const objection of waiver.waives) lifted.get(jcs(objection))?.add(by);
      findings.push({ accepted: true, detail: `${by} until ${waiver.expiresAt}: ${waiver.reason}` });
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      findings.push({ accepted: false, detail: error.message });
    }
  }
  const { threshold } = trust.waivers;
  const standing = objections.filter((objection) => lifted.get(jcs(objection))!.size < threshold);
  const waived = threshold > 0 && objections.length > 0 && standing.length === 0;
  return { waived, findings, standing: standing.map(named) };
}

async function openWaiver(
  text: string,
  keys: TrustPolicy['waivers']['keys'],
): Promise<{ readonly waiver: Waiver; readonly by: string }> {
  const { payloadType, payload, signatures } = known(parseSignedWaiver(parseStrictJson(text)));
  const bytes = fromBase64(payload);
  const { keyid, sig } = signatures[0]!;
  const key = keys.find(({ name }) => name === keyid);
  if (key === undefined) throw refuse(`the trust root does not let ${keyid} waive`);
  if (!(await verifyEd25519(key.publicKey, preAuthEncoding(payloadType, bytes), fromBase64(sig))))
    throw refuse(`the signature of ${keyid} does not hold`);
  return { waiver: known(parseWaiver(parseStrictJson(fromUtf8(bytes)))), by: keyid };
}

function refuseForeign(waiver: Waiver, { predicate, payload }: OpenReceipt, now: number): void {
  const { decision, commit, payloadSha256, issuedAt, expiresAt } = waiver;
  if (decision !== predicate.decisionId) throw refuse(`it is about ${decision}`);
  if (commit !== predicate.subject?.head) throw refuse(`it is about commit ${commit.slice(0, 12)}`);
  if (payloadSha256 !== hex(sha256(payload))) throw refuse('it is about another receipt of this decision');
  if (!(Date.parse(issuedAt) <= now + SKEW_MS)) throw refuse(`it is from the future, ${issuedAt}`);
  if (!(Date.parse(expiresAt) > now)) throw refuse(`it expired at ${expiresAt}`);
}

const named = ({ voterId, gate }: Objection): string => (gate === undefined ? `the no of ${voterId}` : `gate ${gate}`);

function known<T>(result: Read<T>): T {
  if (!result.ok) throw refuse(`${result.path || 'it'}: expected ${result.expected}`);
  return result.value;
}

function refuse(reason: string): MalformedError {
  return new MalformedError('waiver', reason);
}
