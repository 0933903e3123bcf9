import { ERASED, eventContracts, events } from '@conclave/contracts';
import { Consumes, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { eraseSubject, namesErased, replaceBody } from './postgres-erasure.js';

const PERSONAL = new Map(eventContracts.flatMap(({ type, personal }) => (personal ? [[type, personal] as const] : [])));

/** Takes what is personal from deliveries about whom is to be forgotten; what has left before cannot be taken back. */
@Injectable()
export class ForgetSubject {
  @Consumes(events.subjectErased)
  async forget(tx: Tx, { tenantId, at, data }: PlacedEvent): Promise<void> {
    const { subject } = data as z.output<typeof events.subjectErased.data>;
    for (const { id, type, body } of await eraseSubject(tx, tenantId, { subject, at, types: [...PERSONAL.keys()] }))
      await replaceBody(tx, tenantId, id, withoutPersonal(type, body));
  }

  /** The text of a delivery to be: what is heard of an erased subject later than its erasure is of before it, too. */
  async bodyOf(tx: Tx, { tenantId, type, at, data }: PlacedEvent): Promise<string> {
    const body = JSON.stringify({ type, timestamp: at, data });
    if (!PERSONAL.has(type) || !(await namesErased(tx, tenantId, { body, at }))) return body;
    return withoutPersonal(type, body);
  }
}

function withoutPersonal(type: string, body: string): string {
  const message = JSON.parse(body) as { data: Record<string, unknown> };
  for (const name of PERSONAL.get(type) ?? []) if (name in message.data) message.data[name] = ERASED;
  return JSON.stringify(message);
}
