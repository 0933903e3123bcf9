import { randomBytes } from 'node:crypto';
import { events, newId, type ReplyOf, type RequestOf, type auth } from '@conclave/contracts';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { Authenticator } from '../credentials/authenticator.js';
import { CredentialDigest } from '../credentials/credential-digest.js';
import { endOldestSignIns, insertSignIn } from './postgres-sign-ins.js';

/** A working day; then the key is asked for again. */
const SIGN_IN_TTL_MS = 12 * 60 * 60_000;
/** Browsers that one key is signed in with at a time; one more ends the oldest. */
const OPEN_PER_KEY = 20;

/** Opens a browser's sign-in with an API key: a secret of its own, which ends with the key at the latest. */
@Injectable()
export class CreateSignIn {
  constructor(
    private readonly db: Database,
    private readonly authenticator: Authenticator,
    private readonly digest: CredentialDigest,
  ) {}

  /** @throws ConclaveError `auth.unauthenticated` */
  async run({ apiKey }: RequestOf<typeof auth.createSignIn>): Promise<ReplyOf<typeof auth.createSignIn>> {
    const { tenantId, principal, apiKeyId, expiresAt: end } = await this.authenticator.apiKey(apiKey);
    const id = newId('signIn');
    const secret = randomBytes(32).toString('base64url');
    const createdAt = new Date();
    const expiresAt = new Date(Math.min(createdAt.getTime() + SIGN_IN_TTL_MS, end?.getTime() ?? Infinity));
    const digest = this.digest.of('sign-in', secret);
    await this.db.tx({ tenantId, actor: principal.id }, async (tx) => {
      const ended = await endOldestSignIns(tx, { tenantId, apiKeyId, kept: OPEN_PER_KEY - 1, at: createdAt });
      for (const credentialId of ended) await tx.emit(events.credentialRevoked, { credentialId });
      await insertSignIn(tx, { tenantId, id, apiKeyId, digest, createdAt, expiresAt });
    });
    return { id, secret, csrf: this.digest.csrfOf(secret), expiresAt: expiresAt.toISOString() };
  }
}
