import { Column, Entity, PrimaryColumn } from 'typeorm';

export type PrincipalKind = 'user' | 'service-account' | 'agent';

@Entity('principal')
export class PrincipalEntity {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  tenantId!: string;

  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  kind!: PrincipalKind;

  @Column({ type: 'text' })
  name!: string;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'disabled_at', type: 'timestamptz', nullable: true })
  disabledAt!: Date | null;

  @Column({ name: 'owner_since', type: 'timestamptz', nullable: true })
  ownerSince!: Date | null;
}
