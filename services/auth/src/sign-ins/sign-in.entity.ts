import type { signIns } from '@conclave/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('sign_in')
export class SignInEntity {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  tenantId!: string;

  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ name: 'principal_id', type: 'text' })
  principalId!: string;

  @Column({ name: 'workspace_id', type: 'text' })
  workspaceId!: string;

  @Column({ type: 'text' })
  method!: signIns.SignInMethod;

  @Column({ type: 'text', array: true })
  factors!: string[];

  /** The key it was opened with and is as narrow as. */
  @Column({ name: 'api_key_id', type: 'text', nullable: true })
  apiKeyId!: string | null;

  @Column({ name: 'passkey_id', type: 'text', nullable: true })
  passkeyId!: string | null;

  /** The identity provider that vouched for the person. */
  @Column({ name: 'connection_id', type: 'text', nullable: true })
  connectionId!: string | null;

  /** Digests of what the provider calls the person and the session, to find it by when the provider ends it. */
  @Column({ name: 'provider_subject', type: 'bytea', nullable: true })
  providerSubject!: Buffer | null;

  @Column({ name: 'provider_session', type: 'bytea', nullable: true })
  providerSession!: Buffer | null;

  /** What the provider has to be told when it ends here, sealed for the connection. */
  @Column({ name: 'provider_sealed', type: 'text', nullable: true })
  providerSealed!: string | null;

  /** `CredentialDigest` of the secret in the cookie. */
  @Column({ type: 'bytea' })
  digest!: Buffer;

  @Column({ name: 'authenticated_at', type: 'timestamptz' })
  authenticatedAt!: Date;

  /** When a second factor was last shown; null: never. */
  @Column({ name: 'proven_at', type: 'timestamptz', nullable: true })
  provenAt!: Date | null;

  @Column({ name: 'last_used_at', type: 'timestamptz' })
  lastUsedAt!: Date;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'expires_at', type: 'timestamptz' })
  expiresAt!: Date;

  @Column({ name: 'ended_at', type: 'timestamptz', nullable: true })
  endedAt!: Date | null;
}
