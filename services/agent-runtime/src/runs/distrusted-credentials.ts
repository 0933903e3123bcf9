import { Inject, Injectable } from '@nestjs/common';
import { events } from '@conclave/contracts';
import { Consumes, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import type { z } from 'zod';
import { EndWork } from './end-work.js';

/**
 * What was started with a key or through a connection ends when that is not trusted any more, and nothing starts: its
 * triggers are turned off, as whoever had it may have left one behind.
 */
@Injectable()
export class DistrustedCredentials {
  constructor(@Inject(EndWork) private readonly work: EndWork) {}

  @Consumes(events.credentialDistrusted)
  async distrust(tx: Tx, { tenantId, actor, data }: PlacedEvent): Promise<void> {
    const { credential } = data as z.output<typeof events.credentialDistrusted.data>;
    await tx.query('insert into distrusted_credential values ($1, $2) on conflict do nothing', [tenantId, credential]);
    await this.work.begin(tx, { tenantId, actor, whose: { credential } });
  }

  /** A connection that lets people in again is trusted again. */
  @Consumes(events.connectionChanged)
  async trust(tx: Tx, { tenantId, data }: PlacedEvent): Promise<void> {
    const { connection: credential, enabled } = data as z.output<typeof events.connectionChanged.data>;
    if (!enabled) return;
    await tx.query('delete from distrusted_credential where tenant_id = $1 and credential_id = $2', [
      ...[tenantId, credential],
    ]);
    await this.work.forget(tx, tenantId, { credential });
  }
}
