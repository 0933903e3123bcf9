import { ConclaveError, type RequestOf, type mfa } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import type { Grant } from '../credentials/authenticator.js';
import { PASSKEY_FACTORS, ShownPasskey } from '../passkeys/shown-passkey.js';
import { AuthenticatorApps } from './authenticator-apps.js';
import type { Shown } from './go-on-proven.js';
import { guess } from './guesses.js';
import { RecoveryCodes } from './recovery-codes.js';

type Proof = RequestOf<typeof mfa.stepUp>['proof'];

/** Looks at a proof in a transaction. A refusal that is returned has left its mark there. */
type Take = (tx: Tx) => Promise<Shown | ConclaveError>;

/** The second factors a person can show, each taken once. */
@Injectable()
export class SecondFactors {
  constructor(
    private readonly apps: AuthenticatorApps,
    private readonly codes: RecoveryCodes,
    private readonly passkey: ShownPasskey,
  ) {}

  /** What has to be fetched is fetched now. */
  async reading({ tenantId, principal, signIn }: Grant, proof: Proof): Promise<Take> {
    const whose = { tenantId, principalId: principal.id };
    if ('passkey' in proof) return (tx) => this.takePasskey(tx, whose.tenantId, whose.principalId, proof.passkey);
    if ('recoveryCode' in proof) {
      const standsIn = signIn?.factors.includes('recovery-code') ?? false;
      const take = (tx: Tx) => this.codes.take(tx, whose, proof.recoveryCode);
      return async (tx) =>
        (await guess(tx, whose, 'recovery-code', async () => standsIn && (await take(tx)))) ?? shown('recovery-code');
    }
    const app = await this.apps.inUse({ tenantId, actor: principal.id }, whose);
    return async (tx) => {
      const take = async () => app !== undefined && (await this.apps.take(tx, whose, app, proof.totp));
      return (await guess(tx, whose, 'totp', take)) ?? shown('totp');
    };
  }

  private async takePasskey(
    tx: Tx,
    tenantId: string,
    principalId: string,
    assertion: Extract<Proof, { passkey: unknown }>['passkey'],
  ): Promise<Shown> {
    const { principal_id: holder } = await this.passkey.take(tx, tenantId, assertion);
    if (holder !== principalId) throw new ConclaveError('auth.passkey.refused', { reason: 'it is somebody else’s' });
    return { factor: 'passkey', adds: PASSKEY_FACTORS };
  }
}

const shown = (factor: 'totp' | 'recovery-code'): Shown => ({ factor, adds: [factor] });
