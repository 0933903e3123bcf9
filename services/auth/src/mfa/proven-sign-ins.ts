import { ConclaveError, type Permission } from '@conclave/contracts';
import { CONFIG, type SignInStanding } from '@conclave/nest-kit';
import type { Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { refuseFromNetworks } from '../api-keys/postgres-api-keys.js';
import type { AuthConfig } from '../config.js';
import { membershipsOf } from '../members/postgres-members.js';
import { refuseWider } from '../members/role-grant.js';
import { permissionsOf } from '../roles/role-permissions.js';
import { lockSignIn } from '../sign-ins/postgres-sign-ins.js';
import type { SignInEntity } from '../sign-ins/sign-in.entity.js';
import {
  factorsOf,
  hasSecondFactor,
  isPending,
  readStanding,
  standingOf,
  type StandingRow,
} from '../sign-ins/standing.js';
import { lockPerson } from './postgres-mfa.js';

/** Who asks under a sign-in: a request, or the grant of its secret. */
export interface Holder {
  readonly tenantId: string;
  readonly credentialId?: string;
  readonly principal?: { readonly id: string; readonly kind: string };
  readonly scopes: Iterable<Permission>;
  readonly signIn?: SignInStanding;
}

export interface ProvenSignIn {
  readonly signIn: SignInEntity;
  readonly standing: StandingRow;
}

/**
 * What changes how a person proves themselves looks at their sign-in here, in the transaction of the change: a token says
 * how it stood when it was signed, and a second factor may have come since.
 */
@Injectable()
export class ProvenSignIns {
  constructor(@Inject(CONFIG) private readonly config: Pick<AuthConfig, 'STEP_UP_MINUTES'>) {}

  /**
   * The sign-in of a person, with a proof of late; nothing of theirs changes meanwhile.
   *
   * @throws ConclaveError `auth.forbidden` | `auth.second-factor.required` | `auth.step-up.required`
   */
  async lock(tx: Tx, holder: Holder): Promise<ProvenSignIn> {
    const { signIn, standing } = await lockOwn(tx, holder);
    if (isPending(standing)) throw new ConclaveError('auth.second-factor.required', { factors: factorsOf(standing) });
    this.refuseStale(standing);
    return { signIn, standing };
  }

  /**
   * To add a factor: a sign-in whose second factor is still to be shown will do when there is none to show. One that was
   * opened with an API key must be worth as much as all roles of the person: nobody makes of a narrow credential a wide
   * one, nor shuts out whoever holds the others.
   *
   * @throws ConclaveError as `lock`, and `auth.role.too-wide` | `auth.address.too-wide`
   */
  async lockToAdd(tx: Tx, holder: Holder): Promise<ProvenSignIn> {
    const { signIn, standing } = await lockOwn(tx, holder);
    if (isPending(standing) && hasSecondFactor(standing))
      throw new ConclaveError('auth.second-factor.required', { factors: factorsOf(standing) });
    this.refuseStale(standing);
    if (signIn.method === 'api-key') await refuseNarrow(tx, signIn, new Set(holder.signIn?.withheld ?? holder.scopes));
    return { signIn, standing };
  }

  private refuseStale(standing: StandingRow): void {
    const { provenUntil } = standingOf(standing, [], this.config.STEP_UP_MINUTES * 60_000);
    if (provenUntil <= Date.now()) throw new ConclaveError('auth.step-up.required', { factors: factorsOf(standing) });
  }
}

async function lockOwn(tx: Tx, { tenantId, credentialId, principal }: Holder): Promise<ProvenSignIn> {
  if (principal) await lockPerson(tx, { tenantId, principalId: principal.id });
  const signIn = await lockSignIn(tx, tenantId, credentialId ?? '');
  if (!signIn || principal?.kind !== 'user')
    throw new ConclaveError('auth.forbidden', { reason: 'only a person who is signed in can do this' });
  return { signIn, standing: await readStanding(tx, tenantId, signIn.id) };
}

async function refuseNarrow(tx: Tx, signIn: SignInEntity, held: ReadonlySet<Permission>): Promise<void> {
  const { tenantId } = signIn;
  await refuseFromNetworks(tx, tenantId, signIn.id);
  for (const { role, owner } of await membershipsOf(tx, signIn))
    refuseWider(held, role, (await permissionsOf(tx, tenantId, role, owner)) ?? []);
}
