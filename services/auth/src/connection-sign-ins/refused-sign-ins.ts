import { ConclaveError } from '@conclave/contracts';
import { LOG } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { connectionOf, tenantOfConnection } from '../connections/postgres-connections.js';
import { FailedAttempts, type FailedAttempt } from '../credentials/failed-attempts.js';
import { refusalOr, refusingAs, systemOf } from './open-connection.js';
import { NotAdmitted, SignInRefusal } from './vouched.js';

/** Refuses sign-ins through a connection alike, whatever was wrong, and puts on record in the tenant's log what it was. */
@Injectable()
export class RefusedSignIns {
  constructor(
    private readonly db: Database,
    private readonly failed: FailedAttempts,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** @throws ConclaveError `auth.connection.refused` */
  refusing<T>(
    { connection, address }: { readonly connection: string; readonly address?: string | undefined },
    work: () => Promise<T>,
  ): Promise<T> {
    return refusingAs('auth.connection.refused', { log: this.log, connection }, () =>
      work().catch(async (error: unknown) => {
        const why = whyNot(error);
        await this.note(connection, { ...why, address }).catch((err: unknown) =>
          this.log.warn({ err, connection }, 'a refused sign-in is not on record'),
        );
        throw error;
      }),
    );
  }

  private async note(id: string, attempt: Pick<FailedAttempt, 'reason' | 'detail' | 'address'>): Promise<void> {
    const tenantId = await tenantOfConnection(this.db, id);
    const row = tenantId && (await connectionOf(this.db.autocommit(systemOf(tenantId)), tenantId, id));
    if (!tenantId || !row) return;
    this.failed.note({ method: row.kind === 'saml' ? 'saml' : 'oidc', tenantId, connection: id, ...attempt });
  }
}

/** Words of our own, and names that protocols have for what went wrong: never what a provider or a browser wrote. */
const OWN_WORDS = /^[A-Za-z][\w -]{0,60}$/;

/** @throws what is our own fault */
function whyNot(error: unknown): Pick<FailedAttempt, 'reason' | 'detail'> {
  const detail = refusalOr(error);
  const words = OWN_WORDS.test(detail) ? { detail } : {};
  if (error instanceof SignInRefusal && error.reason === 'disabled connection') return { reason: 'over' };
  if (error instanceof NotAdmitted) return { reason: 'not-admitted', ...words };
  // Whom nobody disabled is let in by who vouches for them.
  if (error instanceof ConclaveError && error.code === 'auth.unauthenticated') return { reason: 'not-admitted' };
  return { reason: 'not-believed', ...words };
}
