import { ConclaveError, events, type ReplyOf, type mfa } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import type { Grant } from '../credentials/authenticator.js';
import { AuthenticatorApps, type OpenApp } from './authenticator-apps.js';
import { GoOnProven } from './go-on-proven.js';
import { guess } from './guesses.js';
import { ProvenSignIns } from './proven-sign-ins.js';
import { RecoveryCodes } from './recovery-codes.js';

type Reply = ReplyOf<typeof mfa.addTotp>;

/**
 * Puts the authenticator app that is on its way into use, by a first code of it. That is a second factor shown, so the
 * sign-in goes on proven. Whoever has no recovery codes gets the first ones.
 */
@Injectable()
export class ConfirmTotp {
  constructor(
    private readonly proven: ProvenSignIns,
    private readonly apps: AuthenticatorApps,
    private readonly codes: RecoveryCodes,
    private readonly goOn: GoOnProven,
  ) {}

  /** A refusal that is returned has left its mark. @throws ConclaveError as `ProvenSignIns.lockToAdd` */
  async run(tx: Tx, grant: Grant, app: OpenApp | undefined, code: string): Promise<Reply | ConclaveError> {
    const { signIn, standing } = await this.proven.lockToAdd(tx, grant);
    const { tenantId, principalId } = signIn;
    const whose = { tenantId, principalId };
    const confirm = async () => app !== undefined && (await this.apps.confirm(tx, whose, app, code));
    const refusal = await guess(tx, whose, 'totp', confirm);
    if (refusal) return refusal;
    await tx.emit(events.totpAdded, { principal: principalId });
    const recoveryCodes = standing.recoveryCode ? undefined : await this.codes.replace(tx, whose);
    const opened = await this.goOn.run(tx, signIn, { factor: 'totp', adds: ['totp'] });
    return { ...opened, ...(recoveryCodes ? { recoveryCodes } : {}) };
  }
}
