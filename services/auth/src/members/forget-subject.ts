import { events } from '@conclave/contracts';
import { Consumes, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { eraseIdentities } from '../identities/postgres-identities.js';
import { eraseMail } from '../mails/postgres-mails.js';
import { eraseNames } from './postgres-members.js';

/** Takes the names from a person who is to be forgotten; the id stays, as what they did stays in the log. */
@Injectable()
export class ForgetSubject {
  @Consumes(events.subjectErased)
  async forget(tx: Tx, { tenantId, data }: PlacedEvent): Promise<void> {
    const { subject } = data as z.output<typeof events.subjectErased.data>;
    await eraseNames(tx, tenantId, subject);
    await eraseIdentities(tx, tenantId, subject);
    await eraseMail(tx, tenantId, subject);
  }
}
