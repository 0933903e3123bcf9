import { createPublicKey, sign } from 'node:crypto';
import { ED25519_NOTE, formatCheckpoint, formatNote, formatVkey, signNote, type TreeHead } from '@conclave/audit-core';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@conclave/nest-kit';
import type { AuditConfig } from '../config.js';

/** Names a tenant's log and signs its checkpoints. The key's name is the origin, so it speaks for that log alone. */
@Injectable()
export class CheckpointSigner {
  private readonly publicKey: Uint8Array;

  constructor(@Inject(CONFIG) private readonly config: Pick<AuditConfig, 'AUDIT_LOG_HOST' | 'AUDIT_SIGNING_KEY'>) {
    this.publicKey = Buffer.from(createPublicKey(config.AUDIT_SIGNING_KEY).export({ format: 'jwk' }).x!, 'base64url');
  }

  /** C2SP origin of a tenant's log. */
  originOf(tenantId: string): string {
    return `${this.config.AUDIT_LOG_HOST}/log/${tenantId}`;
  }

  /** What auditors pin: name, key id and public key. */
  vkeyOf(tenantId: string): string {
    return formatVkey({ name: this.originOf(tenantId), type: ED25519_NOTE, publicKey: this.publicKey });
  }

  /** The signed note of a tree head. Ed25519 is deterministic: signing again after a crash gives the same bytes. */
  sign(tenantId: string, head: TreeHead): string {
    const origin = this.originOf(tenantId);
    const text = formatCheckpoint({ origin, ...head, extensions: [] });
    return formatNote(
      signNote({ text, signatures: [] }, origin, this.publicKey, (bytes) =>
        sign(null, bytes, this.config.AUDIT_SIGNING_KEY),
      ),
    );
  }
}
