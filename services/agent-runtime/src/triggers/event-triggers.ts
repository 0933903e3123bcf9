import { Inject, Injectable } from '@nestjs/common';
import { events, type TriggerSource } from '@conclave/contracts';
import { Consumes, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import { pointed } from '@conclave/run-core';
import type { z } from 'zod';
import type { Json } from '../engine/agent-port.js';
import { FireTrigger } from './fire-trigger.js';
import { keyTopic, triggersOf } from './postgres-triggers.js';

/** What happened, and who can have heard of it. */
export interface Happening {
  readonly id: string;
  readonly tenantId: string;
  /** All of the tenant's unless told. */
  readonly workspaceId?: string;
  readonly topic: string;
  /** What tasks read as the event's name. */
  readonly name: string;
  readonly at: Date;
  readonly body: Json;
  readonly depth?: number;
}

/** Fires what listens for an event; in the transaction that heard of it. */
@Injectable()
export class EventTriggers {
  constructor(@Inject(FireTrigger) private readonly trigger: FireTrigger) {}

  @Consumes(events.decisionSealed)
  async sealed(tx: Tx, { id, tenantId, type, at, data }: PlacedEvent): Promise<void> {
    await this.happened(tx, { id, tenantId, topic: type, name: type, at: new Date(at), body: data as Json });
  }

  /** Who is no member of a workspace any more starts no runs in it. */
  @Consumes(events.memberDisabled)
  async ownerDisabled(tx: Tx, { tenantId, data }: PlacedEvent): Promise<void> {
    const { principal, workspace } = data as z.output<typeof events.memberDisabled.data>;
    await tx.query(
      'update trigger set owner_disabled = true where tenant_id = $1 and owner = $2 and workspace_id = $3',
      [...[tenantId, principal, workspace]],
    );
  }

  /** An event that somebody sent to the workspace. */
  sent(
    tx: Tx,
    event: Pick<Happening, 'id' | 'tenantId' | 'body'> & { workspaceId: string; key: string },
  ): Promise<void> {
    const { key, ...what } = event;
    return this.happened(tx, { ...what, topic: keyTopic(key), name: key, at: new Date() });
  }

  async happened(tx: Tx, what: Happening): Promise<void> {
    const { id, tenantId, topic, workspaceId, name, at, body, depth } = what;
    const heardAt = topic === name ? at : undefined;
    for (const { id: trigger, source } of await triggersOf(tx, { tenantId, topic, workspaceId, heardAt })) {
      if (!fits(source, body)) continue;
      const firing = { kind: 'event', key: `event/${id}`, at, event: name, body } as const;
      await this.trigger.fireOrBury(tx, tenantId, trigger, { ...firing, ...(depth !== undefined && { depth }) });
    }
  }
}

const fits = (source: TriggerSource, body: Json): boolean =>
  source.kind === 'event' &&
  Object.entries(source.where).every(([pointer, wanted]) => pointed(body, pointer) === wanted);
