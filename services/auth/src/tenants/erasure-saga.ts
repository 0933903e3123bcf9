/**
 * Erases tenants whose time of grace is over. Every owner is asked by an event of the operators' and answers by one; who
 * does not answer is asked again. When all have, the tenant's data keys are destroyed, and auth erases what it holds
 * itself. Each step is found by what is there, so that any replica goes on where another stopped.
 */
import { events } from '@conclave/contracts';
import { LOG } from '@conclave/nest-kit';
import { Consumes, Database, askToErase, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { destroyDataKeys } from '../data-keys/postgres-data-keys.js';
import {
  finishErasure,
  keepAnswer,
  keepDataKeys,
  markAsked,
  openErasures,
  owners,
  type Open,
} from './postgres-erasures.js';
import { lockTenant, updateTenant } from './postgres-tenants.js';

const LOOK_MS = 1_000;
/** Owners that said nothing for so long are asked again: what asked them may lie in their dead letters. */
const PATIENCE_MS = 10 * 60_000;
const ACTOR = 'service:auth';

@Injectable()
export class ErasureSaga implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private working: Promise<void> | undefined;

  constructor(
    private readonly db: Database,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void (this.working ??= this.work()), LOOK_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.working;
  }

  @Consumes(
    events.tenantErasedByRuntime,
    events.tenantErasedByConsensus,
    events.tenantErasedByAudit,
    events.tenantErasedByMetrics,
    events.tenantErasedByMarketplace,
    events.tenantErasedByDelivery,
  )
  async answered(tx: Tx, { tenantId, type, at, data }: PlacedEvent): Promise<void> {
    const { tenant, rows, detail } = data as z.output<typeof events.tenantErasedByRuntime.data>;
    const service = owners.find((name) => type === `tenant.erased-by-${name}`)!;
    await keepAnswer(tx, tenantId, tenant, { service, rows, detail, at });
  }

  private async work(): Promise<void> {
    try {
      for (const open of await this.db.system((tx) => openErasures(tx, PATIENCE_MS))) await this.advance(open);
    } catch (error) {
      this.log.warn({ err: error }, 'an erasure does not advance; it is tried again');
    }
    this.working = undefined;
  }

  private async advance(open: Open): Promise<void> {
    const { tenant_id: tenantId, erased, started, silent, answered, own } = open;
    const operators = { tenantId, actor: ACTOR };
    if (!started && !(await this.begin(erased))) return;
    if (answered < owners.length) {
      if (!started || silent) await this.db.tx(operators, (tx) => ask(tx, tenantId, erased));
    } else if (own === 'unasked') {
      const keys = await this.db.tx({ tenantId: erased, actor: ACTOR }, (tx) => destroyDataKeys(tx, erased, undefined));
      await this.db.tx(operators, async (tx) => {
        await keepDataKeys(tx, tenantId, erased, keys.length);
        await askToErase(tx, erased, tenantId);
      });
    } else if (own === 'answered') await this.db.tx(operators, (tx) => finish(tx, tenantId, erased));
  }

  /** From here on nobody can keep the tenant, whose own row says from when on that is. @returns false when somebody did */
  private begin(erased: string): Promise<boolean> {
    return this.db.tx({ tenantId: erased, actor: ACTOR }, async (tx) => {
      const tenant = await lockTenant(tx, erased);
      if (tenant.erasesAt === undefined || Date.parse(tenant.erasesAt) > Date.now()) return false;
      if (tenant.state !== 'erasing') await updateTenant(tx, erased, { erasingAt: new Date() });
      return true;
    });
  }
}

async function ask(tx: Tx, tenantId: string, erased: string): Promise<void> {
  await markAsked(tx, tenantId, erased);
  await tx.emit(events.tenantErasing, { tenant: erased });
}

async function finish(tx: Tx, tenantId: string, erased: string): Promise<void> {
  const done = await finishErasure(tx, tenantId, erased);
  if (!done) return;
  await tx.emit(events.tenantErased, { tenant: erased, dataKeys: done.dataKeys ?? 0, answers: done.answers });
}
