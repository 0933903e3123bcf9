/**
 * A receipt's envelope as a Sigstore bundle v0.3, for tools that check signatures and know nothing of votes.
 *
 * Source: the protobuf specifications of Sigstore, bundle v0.3, with a public key known by its hint. The log proof is of
 * another kind than Sigstore's and stays out.
 */
import type { DsseEnvelope } from '@conclave/audit-core';

const BUNDLE_MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** The bundle of an envelope; Sigstore, too, wants exactly one signature in it. */
export function sigstoreBundleOf({ payloadType, payload, signatures }: DsseEnvelope) {
  const [{ keyid, sig }] = signatures as readonly [{ readonly keyid: string; readonly sig: string }];
  return {
    mediaType: BUNDLE_MEDIA_TYPE,
    verificationMaterial: {
      publicKey: { hint: keyid },
      tlogEntries: [],
      timestampVerificationData: { rfc3161Timestamps: [] },
    },
    dsseEnvelope: { payloadType, payload, signatures: [{ keyid, sig }] },
  };
}
