import { ConclaveError, events, newId, type RequestOf, type passkeys } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { MailOutbox } from '../mails/mail-outbox.js';
import type { Caller } from '../members/caller.js';
import { isUniqueViolation } from '../unique-violation.js';
import type { MadePasskey } from './ceremonies.js';
import { Challenges } from './challenges.js';
import { insertPasskey, type Passkey } from './postgres-passkeys.js';

type Registration = Pick<RequestOf<typeof passkeys.addPasskey>, 'registration' | 'name'>;

/** Writes a passkey down, once for each challenge, and tells whose it is. */
@Injectable()
export class PasskeyKeeper {
  constructor(
    private readonly challenges: Challenges,
    private readonly outbox: MailOutbox,
  ) {}

  /** @throws ConclaveError `auth.passkey.refused` when it answers an old challenge, or is somebody's already */
  async keep(
    tx: Tx,
    { tenantId, principalId }: Pick<Caller, 'tenantId' | 'principalId'>,
    kept: Registration & { readonly made: MadePasskey; readonly notice: 'passkey-added' | 'recovered' },
  ): Promise<Passkey> {
    const { made, name, notice } = kept;
    await this.challenges.spend(tx, tenantId, kept.registration.clientDataJSON);
    const id = newId('passkey');
    const createdAt = new Date();
    try {
      await insertPasskey(tx, { ...made, tenantId, principalId, id, name, createdAt });
    } catch (error) {
      if (isUniqueViolation(error, 'passkey_credential'))
        throw new ConclaveError('auth.passkey.refused', { reason: 'it was added before' }, { cause: error });
      throw error;
    }
    await tx.emit(events.passkeyAdded, { passkey: id, principal: principalId });
    await this.outbox.notify(tx, tenantId, principalId, notice);
    return { id, name, createdAt: createdAt.toISOString() };
  }
}
