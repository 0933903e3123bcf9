/**
 * Whether a trusted service signed the receipt, and whether the signed bytes are the only ones it could have signed.
 *
 * Sources: DSSE v1 (pre-authentication encoding), in-toto Statement v1. The statement is a function of its predicate,
 * and its bytes are canonical: two different payloads never tell the same decision.
 */
import { equalBytes, preAuthEncoding, verifyEd25519 } from '@conclave/audit-core';
import { falseDisclosures, payloadBytes } from '@conclave/consensus-core';
import type { OpenReceipt } from './open-receipt.js';
import type { TrustPolicy } from './trust-policy.js';
import { failed, held, unchecked, type Finding } from './verdict.js';

/** A trusted service's key signed type and payload. The key id is a hint: it only selects among trusted keys. */
export async function checkSignature(receipt: OpenReceipt, trust: TrustPolicy | undefined): Promise<Finding> {
  const { keyid, bytes } = receipt.envelopeSignature;
  if (trust === undefined) return unchecked(`signed as ${keyid}; no trust policy names its key`);
  const key = trust.services.find(({ name }) => name === keyid);
  if (key === undefined) return failed('untrusted', `the trust policy names no service ${keyid}`);
  const signed = preAuthEncoding(receipt.file.envelope.payloadType, receipt.payload);
  const holds = await verifyEd25519(key.publicKey, signed, bytes);
  return holds ? held(`signed by ${keyid}`) : failed('bad-signature', `the signature of ${keyid} does not hold`);
}

/** Subjects and bytes follow from the predicate, and what is disclosed opens what was committed to. */
export function checkSubject({ file, payload, predicate }: OpenReceipt): Finding {
  if (!equalBytes(payload, payloadBytes(predicate))) {
    return failed('malformed', 'the payload is not the canonical statement of its predicate');
  }
  const [closed] = falseDisclosures(predicate, file.disclosures);
  if (closed !== undefined) return failed('malformed', `the disclosure of ${closed} opens nothing in the receipt`);
  const { subject, decisionId } = predicate;
  return held(subject ? `${subject.repository} at ${subject.head}, tree ${subject.tree}` : `decision ${decisionId}`);
}
