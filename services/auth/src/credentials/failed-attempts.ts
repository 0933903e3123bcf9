import { events } from '@conclave/contracts';
import { Gathering, LOG } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';

/** Somebody was not let in. What they came with is not in it. */
export interface FailedAttempt {
  readonly method: 'api-key' | 'sign-in' | 'access-token' | 'passkey' | 'link' | 'oauth-client' | 'saml' | 'oidc';
  /** Whose log is told; of what belongs to nobody only ours is. */
  readonly tenantId?: string;
  readonly reason: 'unknown' | 'wrong' | 'over' | 'not-believed' | 'not-admitted' | 'providers-only';
  /** What was wrong, in words of our own. */
  readonly detail?: string;
  /** Through which identity provider they came. */
  readonly connection?: string;
  /** What they claimed to hold, by its id, and whose it is. */
  readonly credential?: string | undefined;
  readonly principal?: string;
  readonly address?: string | undefined;
}

const TERMS = { everyMs: 600_000, most: 10_000 } as const;

/** Puts on record who was not let in. Those alike are told once in ten minutes, with their number. */
@Injectable()
export class FailedAttempts {
  private readonly gathered = new Gathering<FailedAttempt>((attempt, times) => this.tell(attempt, times), TERMS);

  constructor(
    private readonly db: Database,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  note({ address, ...attempt }: FailedAttempt): void {
    this.gathered.note(attempt, attempt.tenantId === undefined || address === undefined ? {} : { address });
  }

  private async tell({ tenantId, ...attempt }: FailedAttempt, times: number): Promise<void> {
    if (tenantId === undefined) return this.log.warn({ ...attempt, times }, 'authentication failed');
    await this.db
      .tx({ tenantId, actor: 'service:auth' }, (tx) => tx.emit(events.authenticationFailed, { ...attempt, times }))
      .catch((error: unknown) => this.log.warn({ err: error }, 'failed authentication is not on record'));
  }
}
