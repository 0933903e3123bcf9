import { events } from '@conclave/contracts';
import { Consumes, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { eraseIdentities } from '../identities/postgres-identities.js';
import { eraseMail } from '../mails/postgres-mails.js';
import { endSignIns } from '../sign-ins/end-sign-ins.js';
import { eraseProviderWords } from '../sign-ins/postgres-sign-ins.js';
import { eraseNames } from './postgres-members.js';

/**
 * Takes the names from a person who is to be forgotten; the id stays, as what they did stays in the log. A provider that
 * knew them has no name for them any more, so what it let in ends.
 */
@Injectable()
export class ForgetSubject {
  @Consumes(events.subjectErased)
  async forget(tx: Tx, { tenantId, data }: PlacedEvent): Promise<void> {
    const { subject } = data as z.output<typeof events.subjectErased.data>;
    await eraseNames(tx, tenantId, subject);
    for (const connectionId of await eraseIdentities(tx, tenantId, subject))
      await endSignIns(tx, tenantId, { connectionId, principalId: subject }, new Date());
    await eraseProviderWords(tx, tenantId, subject);
    await eraseMail(tx, tenantId, subject);
  }
}
