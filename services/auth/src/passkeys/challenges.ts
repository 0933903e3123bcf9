/**
 * Challenges that passkeys answer: `expiry ‖ random ‖ tag`. They are signed and not stored, so that asking for one costs
 * nothing and needs no tenant; that one was answered is stored until it would have run out, so that none is answered twice.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { ConclaveError } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { CredentialDigest } from '../credentials/credential-digest.js';
import { insertSpentChallenge } from './postgres-passkeys.js';

const TTL_MS = 5 * 60_000;
const TIME_BYTES = 6;
const HEAD_BYTES = TIME_BYTES + 16;
const TAG_BYTES = 32;

@Injectable()
export class Challenges {
  constructor(private readonly digest: CredentialDigest) {}

  /** A fresh challenge that answers one `purpose` only. */
  issue(purpose: string): Uint8Array<ArrayBuffer> {
    const head = Buffer.concat([Buffer.alloc(TIME_BYTES), randomBytes(HEAD_BYTES - TIME_BYTES)]);
    head.writeUIntBE(Date.now() + TTL_MS, 0, TIME_BYTES);
    return new Uint8Array(Buffer.concat([head, this.tag(purpose, head)]));
  }

  /** Whether we asked it, for this purpose, and not long ago. */
  isOurs(purpose: string, challenge: unknown): boolean {
    const bytes = Buffer.from(String(challenge), 'base64url');
    if (bytes.length !== HEAD_BYTES + TAG_BYTES) return false;
    const genuine = timingSafeEqual(bytes.subarray(HEAD_BYTES), this.tag(purpose, bytes.subarray(0, HEAD_BYTES)));
    return genuine && bytes.readUIntBE(0, TIME_BYTES) > Date.now();
  }

  /** @throws ConclaveError `auth.passkey.refused` when it was answered before */
  async spend(tx: Tx, tenantId: string, clientDataJSON: string): Promise<void> {
    const { challenge } = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString()) as { challenge: string };
    const bytes = Buffer.from(challenge, 'base64url');
    const expiresAt = new Date(bytes.readUIntBE(0, TIME_BYTES));
    const fresh = await insertSpentChallenge(tx, { tenantId, digest: bytes.subarray(HEAD_BYTES), expiresAt });
    if (!fresh) throw new ConclaveError('auth.passkey.refused', { reason: 'the challenge was answered before' });
  }

  private tag(purpose: string, head: Buffer): Buffer {
    return this.digest.of('challenge', `${purpose}\n${head.toString('hex')}`);
  }
}
