import type { ReplyOf, delivery } from '@conclave/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

export type WebhookEventType = (typeof delivery.webhookEventTypes)[number];
export type EntrySubscription = NonNullable<ReplyOf<typeof delivery.deleteWebhook>['entries']>;

@Entity('webhook')
export class WebhookEntity {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  tenantId!: string;

  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  url!: string;

  @Column({ type: 'text', array: true })
  events!: WebhookEventType[];

  /** Wants the entries of the audit log, too. */
  @Column({ type: 'json', nullable: true })
  entries!: EntrySubscription | null;

  @Column({ name: 'secret_sealed', type: 'text' })
  secretSealed!: string;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'failing_since', type: 'timestamptz', nullable: true })
  failingSince!: Date | null;

  @Column({ name: 'disabled_at', type: 'timestamptz', nullable: true })
  disabledAt!: Date | null;
}
