import { randomBytes } from 'node:crypto';
import { isSafeKey, showsPossession, type RelyingParty, type SigningKey } from '@conclave/consensus-core';
import { ConclaveError, type consensus, type ReplyOf, type RequestOf } from '@conclave/contracts';
import { CONFIG, type RequestContext } from '@conclave/nest-kit';
import { Database, type Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { ConsensusConfig } from '../config.js';
import { PostgresVoterKeys } from './postgres-voter-keys.js';
import { readRegistration } from './registration.js';

const CHALLENGE_MS = 600_000;

/** A key that somebody has shown to hold. */
export interface HeldKey extends SigningKey {
  readonly custody: 'external' | 'passkey';
  readonly relyingParty?: RelyingParty;
  readonly credentialId?: string;
}

type Possession = NonNullable<RequestOf<typeof consensus.enrolVoterKey>['possession']>;
type Registration = RequestOf<typeof consensus.enrolPasskey>['registration'];

/**
 * That whoever enrols a key holds it: they answer a challenge of ours with it, which is theirs alone and is answered
 * once, in the transaction that enrols the key.
 */
@Injectable()
export class PossessionOfKeys {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresVoterKeys) private readonly keys: PostgresVoterKeys,
    @Inject(CONFIG) private readonly config: ConsensusConfig,
  ) {}

  /** A challenge for who asks; it takes the place of their earlier one. */
  async challenge(ctx: RequestContext): Promise<ReplyOf<typeof consensus.challengeVoterKey>> {
    const challenge = randomBytes(32).toString('base64');
    const expiresAt = new Date(Date.now() + CHALLENGE_MS);
    await this.db.tx(ctx, (tx) => this.keys.keepChallenge(tx, ctx, challenge, expiresAt));
    const sites = this.config.PASSKEY_ORIGINS;
    return {
      challenge,
      expiresAt: expiresAt.toISOString(),
      ...(sites && { relyingParty: { rpId: sites.rpId, origins: [...sites.origins] } }),
    };
  }

  /** @throws ConclaveError `consensus.voter-key.unproven` | `consensus.voter-key.challenge` */
  async ofEd25519(tx: Tx, ctx: RequestContext, publicKey: string, possession?: Possession): Promise<HeldKey> {
    const key = { algorithm: 'ed25519', publicKey, custody: 'external' } as const;
    if (!possession) throw unproven('missing');
    if ((await this.open(tx, ctx)) !== possession.challenge) throw new ConclaveError('consensus.voter-key.challenge');
    const signature = { algorithm: 'ed25519', value: possession.value };
    if (!(await showsPossession(key, possession.challenge, signature))) throw unproven('signature');
    return key;
  }

  /** @throws ConclaveError `consensus.voter-key.no-passkeys` | `consensus.voter-key.challenge` | `consensus.voter-key.unproven` | `consensus.voter-key.refused` */
  async ofPasskey(tx: Tx, ctx: RequestContext, registration: Registration): Promise<HeldKey> {
    const sites = this.config.PASSKEY_ORIGINS;
    if (!sites) throw new ConclaveError('consensus.voter-key.no-passkeys');
    const challenge = Buffer.from(await this.open(tx, ctx), 'base64');
    const passkey = readRegistration(registration, sites, challenge);
    if (passkey === 'key') throw new ConclaveError('consensus.voter-key.refused');
    if (typeof passkey === 'string') throw unproven(passkey);
    return { ...passkey, custody: 'passkey' };
  }

  private async open(tx: Tx, ctx: RequestContext): Promise<string> {
    const challenge = await this.keys.takeChallenge(tx, ctx);
    if (challenge === undefined) throw new ConclaveError('consensus.voter-key.challenge');
    return challenge;
  }
}

/** One spelling of one safe point: a second spelling would be a second identity of one key. @throws ConclaveError `consensus.voter-key.refused` */
export function requireSafe(key: SigningKey): void {
  if (!isSafeKey(key)) throw new ConclaveError('consensus.voter-key.refused');
}

function unproven(reason: string): ConclaveError {
  return new ConclaveError('consensus.voter-key.unproven', { reason });
}
