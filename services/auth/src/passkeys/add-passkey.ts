import { ConclaveError, events, newId, passkeys, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { callerOf, type Caller } from '../members/caller.js';
import { ProvenSignIns } from '../mfa/proven-sign-ins.js';
import { isUniqueViolation } from '../unique-violation.js';
import { Ceremonies, type MadePasskey } from './ceremonies.js';
import { Challenges } from './challenges.js';
import { insertPasskey, passkeysOf, type Passkey } from './postgres-passkeys.js';

const purposeOf = ({ tenantId, principalId }: Caller): string => `passkey ${tenantId} ${principalId}`;

/**
 * Adds a passkey to the person who is signed in. It will open every workspace of theirs.
 */
@Injectable()
export class AddPasskey {
  constructor(
    private readonly db: Database,
    private readonly ceremonies: Ceremonies,
    private readonly challenges: Challenges,
    private readonly proven: ProvenSignIns,
  ) {}

  /** @throws ConclaveError as `ProvenSignIns.lockToAdd`, and `auth.passkeys-unavailable` */
  async begin(ctx: RequestContext): Promise<ReplyOf<typeof passkeys.challengePasskey>> {
    const caller = callerOf(ctx);
    const known = await this.db.tx(ctx, async (tx) => {
      await this.proven.lockToAdd(tx, ctx);
      return passkeysOf(tx, caller);
    });
    const person = { purpose: purposeOf(caller), principalId: caller.principalId, name: ctx.principal!.name };
    return { options: await this.ceremonies.creationOptions(person, known) };
  }

  /** @throws ConclaveError as `begin`, and `auth.passkey.refused` */
  async run(ctx: RequestContext, request: RequestOf<typeof passkeys.addPasskey>): Promise<Passkey> {
    const caller = callerOf(ctx);
    const made = await this.ceremonies.made(purposeOf(caller), request.registration);
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, passkeys.addPasskey, request, async () => {
        await this.proven.lockToAdd(tx, ctx);
        await this.challenges.spend(tx, caller.tenantId, request.registration.clientDataJSON);
        return keepPasskey(tx, caller, made, request.name);
      }),
    );
  }
}

/** Writes a passkey down. @throws ConclaveError `auth.passkey.refused` when the credential is somebody's already */
export async function keepPasskey(
  tx: Tx,
  { tenantId, principalId }: Pick<Caller, 'tenantId' | 'principalId'>,
  made: MadePasskey,
  name: string,
): Promise<Passkey> {
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
  return { id, name, createdAt: createdAt.toISOString() };
}
