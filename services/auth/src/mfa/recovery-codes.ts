/**
 * Recovery codes: what a person writes down for the day their app or passkey is gone. Fifty random bits each, spelled in
 * Crockford's base32 so that no letter is taken for another; kept as digests under the pepper; each good once.
 */
import { randomBytes } from 'node:crypto';
import { events } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { CredentialDigest } from '../credentials/credential-digest.js';
import {
  deleteRecoveryCodes,
  insertRecoveryCodes,
  recoveryCodesLeft,
  takeRecoveryCode,
  type Whose,
} from './postgres-mfa.js';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const CODES = 10;
const LETTERS = 10;

@Injectable()
export class RecoveryCodes {
  constructor(private readonly digest: CredentialDigest) {}

  /** New codes; those from before are good for nothing any more. */
  async replace(tx: Tx, whose: Whose): Promise<string[]> {
    const codes = Array.from({ length: CODES }, newCode);
    await deleteRecoveryCodes(tx, whose);
    const digests = codes.map((code) => this.digestOf(whose, code));
    await insertRecoveryCodes(tx, whose, digests, new Date());
    await tx.emit(events.recoveryCodesReplaced, { principal: whose.principalId });
    return codes;
  }

  /** Whether the code is one of theirs, and now used. */
  async take(tx: Tx, whose: Whose, code: string): Promise<boolean> {
    if (!(await takeRecoveryCode(tx, whose, this.digestOf(whose, code), new Date()))) return false;
    const left = await recoveryCodesLeft(tx, whose);
    await tx.emit(events.recoveryCodeUsed, { principal: whose.principalId, left });
    return true;
  }

  private digestOf({ tenantId, principalId }: Whose, code: string): Buffer {
    return this.digest.of('recovery-code', [tenantId, principalId, plain(code)].join('\n'));
  }
}

/** 256 is a multiple of 32: every letter is as likely. */
function newCode(): string {
  const letters = [...randomBytes(LETTERS)].map((byte) => ALPHABET[byte % 32]!).join('');
  return `${letters.slice(0, LETTERS / 2)}-${letters.slice(LETTERS / 2)}`;
}

/** However somebody wrote it down. */
const plain = (code: string): string =>
  code.toLowerCase().replaceAll(/[\s-]/g, '').replaceAll('o', '0').replaceAll(/[il]/g, '1');
