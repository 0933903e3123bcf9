import { createPublicKey, sign, type KeyObject } from 'node:crypto';
import {
  ED25519_NOTE,
  formatCheckpoint,
  formatNote,
  formatVkey,
  signNote,
  type Note,
  type NoteKey,
  type TreeHead,
} from '@conclave/audit-core';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@conclave/nest-kit';
import type { AuditConfig } from '../config.js';
import { pathOf, type LogName } from './log-name.js';

type SigningConfig = Pick<AuditConfig, 'AUDIT_LOG_HOST' | 'AUDIT_SIGNING_KEY'> &
  Partial<Pick<AuditConfig, 'AUDIT_NEXT_SIGNING_KEY'>>;

/**
 * Names a tenant's logs and signs their checkpoints. A key's name is the origin, so it speaks for that log alone. While
 * a key is being replaced there are two, and both sign: whoever knows either can verify.
 */
@Injectable()
export class CheckpointSigner {
  private readonly keys: readonly { readonly secret: KeyObject; readonly publicKey: Uint8Array }[];

  constructor(@Inject(CONFIG) private readonly config: SigningConfig) {
    this.keys = [config.AUDIT_SIGNING_KEY, config.AUDIT_NEXT_SIGNING_KEY ?? []].flat().map((secret) => ({
      secret,
      publicKey: Buffer.from(createPublicKey(secret).export({ format: 'jwk' }).x!, 'base64url'),
    }));
  }

  /** C2SP origin of a log. */
  originOf(log: LogName): string {
    return `${this.config.AUDIT_LOG_HOST}/${pathOf(log)}`;
  }

  /** The keys that sign a log's checkpoints now, the one in force first. */
  keysOf(log: LogName): NoteKey[] {
    return this.keys.map(({ publicKey }) => ({ name: this.originOf(log), type: ED25519_NOTE, publicKey }));
  }

  /** What auditors pin: name, key id and public key of each. */
  vkeysOf(log: LogName): string[] {
    return this.keysOf(log).map(formatVkey);
  }

  /** The signed note of a tree head. Ed25519 is deterministic: signing again after a crash gives the same bytes. */
  sign(log: LogName, head: TreeHead): string {
    const origin = this.originOf(log);
    const unsigned: Note = { text: formatCheckpoint({ origin, ...head, extensions: [] }), signatures: [] };
    return formatNote(
      this.keys.reduce(
        (note, { secret, publicKey }) => signNote(note, origin, publicKey, (bytes) => sign(null, bytes, secret)),
        unsigned,
      ),
    );
  }
}
