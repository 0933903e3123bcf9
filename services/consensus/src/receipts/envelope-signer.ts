import { createHash, createPublicKey, sign } from 'node:crypto';
import { preAuthEncoding, type DsseEnvelope } from '@conclave/audit-core';
import { PAYLOAD_TYPE } from '@conclave/consensus-core';
import { CONFIG } from '@conclave/nest-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { ConsensusConfig } from '../config.js';

/** Signs receipts with the service's key: one signature per envelope, over type and payload (DSSE v1). */
@Injectable()
export class EnvelopeSigner {
  /** Names the key by its digest; a hint for readers, who trust only keys they were given otherwise. */
  readonly keyid: string;
  /** The raw key, base64. */
  readonly publicKey: string;

  constructor(@Inject(CONFIG) private readonly config: ConsensusConfig) {
    const raw = Buffer.from(createPublicKey(config.CONSENSUS_SIGNING_KEY).export({ format: 'jwk' }).x!, 'base64url');
    this.publicKey = raw.toString('base64');
    this.keyid = `consensus-${createHash('sha256').update(raw).digest('hex').slice(0, 16)}`;
  }

  sign(payload: Uint8Array): DsseEnvelope {
    const sig = sign(null, preAuthEncoding(PAYLOAD_TYPE, payload), this.config.CONSENSUS_SIGNING_KEY);
    return {
      payloadType: PAYLOAD_TYPE,
      payload: Buffer.from(payload).toString('base64'),
      signatures: [{ keyid: this.keyid, sig: sig.toString('base64') }],
    };
  }
}
