import { ConclaveError } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { Ceremonies, type Assertion } from './ceremonies.js';
import { Challenges } from './challenges.js';
import { lockCredential, usedPasskey, type PasskeyRow } from './postgres-passkeys.js';

/** What a passkey shows: that the device is theirs, and that they unlocked it. */
export const PASSKEY_FACTORS: readonly string[] = ['passkey', 'user-verification'];

/** Takes a passkey's answer to a challenge of ours, once. */
@Injectable()
export class ShownPasskey {
  constructor(
    private readonly ceremonies: Ceremonies,
    private readonly challenges: Challenges,
  ) {}

  /** @throws ConclaveError `auth.passkey.refused`, also when there is none in the tenant, and `auth.passkeys-unavailable` */
  async take(tx: Tx, tenantId: string, assertion: Assertion): Promise<PasskeyRow> {
    const key = await lockCredential(tx, tenantId, Buffer.from(assertion.id, 'base64url'));
    if (!key) throw new ConclaveError('auth.passkey.refused', { reason: 'there is no such passkey' });
    const counter = await this.ceremonies.asserted(assertion, key);
    await this.challenges.spend(tx, tenantId, assertion.clientDataJSON);
    await usedPasskey(tx, { tenantId, id: key.id, counter, at: new Date() });
    return key;
  }
}
