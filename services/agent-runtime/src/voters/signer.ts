import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { consensus, newId } from '@conclave/contracts';
import { CONFIG, KIT, SecretBox, type Kit } from '@conclave/nest-kit';
import { Database, type Actor } from '@conclave/postgres-kit';
import type { RuntimeConfig } from '../config.js';

interface KeyRow {
  voter_id: string;
  public_key: string;
  sealed_private_key: string;
  enrolled_at: Date | null;
}

/** A voter whose key the platform holds. */
export interface PlatformVoter {
  readonly voterId: string;
  readonly publicKey: string;
}

/**
 * Voter keys in the platform's custody. A private key is in the clear only while it signs; at rest it is sealed under
 * the key-encryption key, bound to its tenant and voter.
 */
@Injectable()
export class Signer {
  private readonly box: SecretBox;

  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(KIT) private readonly kit: Kit,
    @Inject(CONFIG) config: RuntimeConfig,
  ) {
    this.box = new SecretBox(config.SIGNER_KEK);
  }

  /** The voter of an agent, with a key that consensus knows; both are made on first use. */
  async voterOf(ctx: Actor, agent: string): Promise<PlatformVoter> {
    const row = (await this.read(ctx, agent)) ?? (await this.create(ctx, agent));
    if (!row.enrolled_at) await this.enrol(ctx, agent, row);
    return { voterId: row.voter_id, publicKey: row.public_key };
  }

  /** Signs with the voter's key. @returns the signature in base64 */
  async sign(ctx: Actor, voterId: string, bytes: Uint8Array): Promise<string> {
    const row = await this.db
      .autocommit(ctx)
      .one<KeyRow>('select voter_id, sealed_private_key from voter_key where tenant_id = $1 and voter_id = $2', [
        ctx.tenantId,
        voterId,
      ]);
    if (!row) throw new Error(`the platform holds no key of ${voterId}`);
    const key = createPrivateKey({
      key: this.box.open(row.sealed_private_key, placeOf(ctx.tenantId, voterId)),
      format: 'pem',
    });
    return sign(null, bytes, key).toString('base64');
  }

  private read(ctx: Actor, agent: string): Promise<KeyRow | undefined> {
    return this.db
      .autocommit(ctx)
      .one<KeyRow>(
        'select voter_id, public_key, sealed_private_key, enrolled_at from voter_key where tenant_id = $1 and agent = $2',
        [ctx.tenantId, agent],
      );
  }

  private async create(ctx: Actor, agent: string): Promise<KeyRow> {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const voterId = newId('voter');
    const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url').toString('base64');
    const sealed = this.box.seal(
      privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
      placeOf(ctx.tenantId, voterId),
    );
    await this.db
      .autocommit(ctx)
      .query(
        'insert into voter_key (tenant_id, voter_id, agent, public_key, sealed_private_key) values ($1, $2, $3, $4, $5) on conflict do nothing',
        [ctx.tenantId, voterId, agent, raw, sealed],
      );
    return (await this.read(ctx, agent))!;
  }

  private async enrol(ctx: Actor, agent: string, row: KeyRow): Promise<void> {
    const claims = { tenantId: ctx.tenantId, onBehalfOf: ctx.actor };
    await this.kit.rpc.callAsService(consensus.enrolVoterKey, claims, {
      voterId: row.voter_id,
      name: agent,
      publicKey: row.public_key,
      algorithm: 'ed25519',
    });
    await this.db
      .autocommit(ctx)
      .query('update voter_key set enrolled_at = clock_timestamp() where tenant_id = $1 and voter_id = $2', [
        ctx.tenantId,
        row.voter_id,
      ]);
  }
}

/** Where a key belongs: a row copied to another tenant or voter does not open. */
const placeOf = (tenantId: string, voterId: string): string => `voter-key/${tenantId}/${voterId}`;
