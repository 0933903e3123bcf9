import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('tenant')
export class TenantEntity {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  tenantId!: string;

  @Column({ type: 'text' })
  name!: string;

  /** Set for the one whose members operate the platform. */
  @Column({ type: 'boolean', default: false })
  operators!: boolean;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'suspended_at', type: 'timestamptz', nullable: true })
  suspendedAt!: Date | null;

  @Column({ name: 'suspended_for', type: 'text', nullable: true })
  suspendedFor!: string | null;

  /** When its time of grace is over. */
  @Column({ name: 'erase_at', type: 'timestamptz', nullable: true })
  eraseAt!: Date | null;

  @Column({ name: 'erasing_at', type: 'timestamptz', nullable: true })
  erasingAt!: Date | null;
}
