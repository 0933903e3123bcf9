import { LOG } from '@conclave/nest-kit';
import { Database, type Actor } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { Rounds } from '../rounds.js';
import { pageOfTenants } from '../tenants/postgres-tenants.js';
import { ConnectionSecrets } from './connection-secrets.js';
import { oldSeals, replaceSeal, type OldSeal } from './postgres-old-seals.js';

/** By then no pod of the version before is left, which could not open what is sealed anew. */
const LATER_MS = 60 * 60_000;
const TENANTS = 100;
/** Of one tenant, in one round. */
const SEALS = 1_000;

/**
 * Seals under data keys what connections had sealed before those did: one key that follows from the pepper, the same for
 * all tenants. It looks an hour after the start and each hour after that, until it has sealed nothing.
 */
@Injectable()
export class SealAnew {
  readonly rounds: Rounds;

  constructor(
    private readonly db: Database,
    private readonly secrets: ConnectionSecrets,
    @Inject(LOG) private readonly log: Logger,
  ) {
    const failed = (error: unknown) => this.log.warn({ err: error }, 'old seals will be looked for again');
    this.rounds = new Rounds(LATER_MS, () => this.look(), failed);
  }

  private async look(): Promise<void> {
    let sealed = 0;
    for (let after: string | undefined, more = true; more;) {
      const { items, next } = await this.db.system((tx) => pageOfTenants(tx, { limit: TENANTS, after }));
      // What a tenant has that is being erased goes anyhow, and gets no new key.
      for (const { id, state } of items) if (state !== 'erasing') sealed += await this.ofTenant(id);
      [after, more] = [next, next !== undefined];
    }
    if (sealed > 0) this.log.info({ sealed }, 'sealed under data keys what was sealed before them');
    else void this.rounds.stop();
  }

  /** @returns how many were sealed anew */
  private async ofTenant(tenantId: string): Promise<number> {
    const ctx = { tenantId, actor: 'service:auth' };
    let sealed = 0;
    for (const old of await oldSeals(this.db.autocommit(ctx), tenantId, SEALS)) {
      try {
        if (await this.seal(ctx, old)) sealed += 1;
      } catch (err) {
        const { table, id } = old;
        this.log.warn({ err, table, id }, 'does not open');
      }
    }
    return sealed;
  }

  private async seal(ctx: Actor, old: OldSeal): Promise<boolean> {
    const { kind, connectionId: id } = old;
    const text = await this.secrets.open(ctx, kind, id, old.sealed);
    if (text === undefined) return false;
    const key = await this.secrets.key(ctx, kind);
    return this.db.tx(ctx, async (tx) =>
      replaceSeal(tx, ctx.tenantId, old, await this.secrets.seal(tx, ctx, key, { kind, id, text })),
    );
  }
}
