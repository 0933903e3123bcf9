import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('installation')
export class InstallationEntity {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  tenantId!: string;

  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  package!: string;

  @Column({ type: 'text' })
  kind!: 'panel';

  @Column({ type: 'text' })
  version!: string;

  @Column({ type: 'text' })
  sha256!: string;

  @Column({ name: 'installed_at', type: 'timestamptz' })
  installedAt!: Date;
}
