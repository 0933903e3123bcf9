import { ConclaveError, passkeys, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { refuseFromNetworks } from '../api-keys/postgres-api-keys.js';
import { callerOf, type Caller } from '../members/caller.js';
import { membershipsOf } from '../members/postgres-members.js';
import { refuseWider } from '../members/role-grant.js';
import { permissionsOf } from '../roles/role-permissions.js';
import { lockSignIn } from '../sign-ins/postgres-sign-ins.js';
import { Ceremonies } from './ceremonies.js';
import { PasskeyKeeper } from './passkey-keeper.js';
import { passkeysOf, type Passkey } from './postgres-passkeys.js';

const purposeOf = ({ tenantId, principalId }: Caller): string => `passkey ${tenantId} ${principalId}`;

/**
 * Adds a passkey to the person who is signed in. It will open every workspace of theirs, so a sign-in that was opened with
 * an API key must be worth as much as all of their roles: nobody makes of a narrow credential a wide one.
 */
@Injectable()
export class AddPasskey {
  constructor(
    private readonly db: Database,
    private readonly ceremonies: Ceremonies,
    private readonly keeper: PasskeyKeeper,
  ) {}

  /** @throws ConclaveError `auth.forbidden` | `auth.role.too-wide` | `auth.passkeys-unavailable` */
  async begin(ctx: RequestContext): Promise<ReplyOf<typeof passkeys.challengePasskey>> {
    const caller = callerOf(ctx);
    const known = await this.db.tx(ctx, async (tx) => {
      await refuseUnworthy(tx, ctx, caller);
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
        await refuseUnworthy(tx, ctx, caller);
        return this.keeper.keep(tx, caller, { ...request, made, notice: 'passkey-added' });
      }),
    );
  }
}

async function refuseUnworthy(tx: Tx, ctx: RequestContext, caller: Caller): Promise<void> {
  const signIn = await lockSignIn(tx, caller.tenantId, ctx.credentialId ?? '');
  if (!signIn || ctx.principal!.kind !== 'user')
    throw new ConclaveError('auth.forbidden', { reason: 'only a person who is signed in can do this' });
  if (signIn.method !== 'api-key') return;
  await refuseFromNetworks(tx, caller.tenantId, ctx.credentialId);
  for (const { role } of await membershipsOf(tx, caller)) {
    refuseWider(ctx.scopes, role, (await permissionsOf(tx, caller.tenantId, role)) ?? []);
  }
}
