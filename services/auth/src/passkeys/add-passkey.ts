import { passkeys, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { callerOf, type Caller } from '../members/caller.js';
import { ProvenSignIns } from '../mfa/proven-sign-ins.js';
import { Ceremonies } from './ceremonies.js';
import { PasskeyKeeper } from './passkey-keeper.js';
import { passkeysOf, type Passkey } from './postgres-passkeys.js';

const purposeOf = ({ tenantId, principalId }: Caller): string => `passkey ${tenantId} ${principalId}`;

/**
 * Adds a passkey to the person who is signed in. It will open every workspace of theirs.
 */
@Injectable()
export class AddPasskey {
  constructor(
    private readonly db: Database,
    private readonly ceremonies: Ceremonies,
    private readonly proven: ProvenSignIns,
    private readonly keeper: PasskeyKeeper,
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
        return this.keeper.keep(tx, caller, { ...request, made, notice: 'passkey-added' });
      }),
    );
  }
}
