/**
 * Erases what a service holds of a tenant, when auth says so by an event and again when it is asked, and answers.
 *
 * Every table with a tenant is found in the catalogue: one that is added is erased like the others. What is heard of the
 * tenant later is dropped. All replicas know of it before the first row goes, as each looks every second; a row of a call
 * that was under way all the same goes when the tenant is looked at once more.
 */
import {
  ConclaveError,
  events,
  eventContracts,
  tenants,
  type EventContract,
  type ServiceName,
} from '@conclave/contracts';
import type { RpcClient } from '@conclave/nest-kit';
import type { Logger } from 'pino';
import type { Database, Tx } from './database.js';
import { MistakenEvent } from './mistaken-event.js';
import type { PlacedEvent } from './relay.js';

const LOOK_MS = 1_000;
const SETTLE = `interval '3 seconds'`;
const LOOK_AGAIN = `interval '10 minutes'`;
const BATCH = 1_000;

/** Erases what of a tenant is not in the database, and says of it what outlives the tenant. It may be called twice. */
export type Eraser = (tenantId: string) => Promise<Readonly<Record<string, string>>>;

export interface EraserParts {
  readonly db: Database;
  readonly service: ServiceName;
  readonly erasers: readonly Eraser[];
  readonly rpc: RpcClient;
  readonly log: Logger;
}

interface Asked {
  readonly tenant: string;
  readonly asked_by: string;
  readonly detail: object | null;
  readonly due: boolean;
  readonly again: boolean;
}

type Answer = typeof events.tenantErasedByRuntime;

export class TenantEraser {
  private erased: ReadonlySet<string> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private working: Promise<void> | undefined;
  private stopped = false;
  private readonly answer: Answer | undefined;

  constructor(private readonly parts: EraserParts) {
    this.answer = eventContracts.find(({ type }) => type === `tenant.erased-by-${parts.service}`) as Answer | undefined;
  }

  /**
   * Whether the tenant is one whose events say nothing any more.
   *
   * @throws ConclaveError `service.unavailable` while that is not known: what waits for it waits for the database
   */
  has(tenantId: string): boolean {
    if (!this.erased) throw new ConclaveError('service.unavailable', { service: 'postgres' });
    return this.erased.has(tenantId);
  }

  /** What consumers hear; nothing when this service is the one that asks. */
  get handler(): { event: EventContract; apply: (tx: Tx, event: PlacedEvent) => Promise<void> } | undefined {
    const event: EventContract = events.tenantErasing;
    if (!event.consumers.includes(this.parts.service)) return undefined;
    return { event, apply: (tx, { tenantId, data }) => this.asked(tx, String(data['tenant']), tenantId) };
  }

  async start(): Promise<void> {
    await this.look().catch(() => undefined);
    this.timer = setInterval(() => void (this.working ??= this.work()), LOOK_MS).unref();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.working;
  }

  /** What is erased does not come back, so the one whose word it is says it once more. */
  private async asked(tx: Tx, tenant: string, askedBy: string): Promise<void> {
    const { startedAt } = await this.parts.rpc.callAsService(tenants.getErasure, { tenantId: askedBy }, { id: tenant });
    if (startedAt === undefined) throw new MistakenEvent(`${tenant} is not being erased`);
    await askToErase(tx, tenant, askedBy);
  }

  private async work(): Promise<void> {
    try {
      for (const asked of await this.look()) {
        if (asked.due) await this.erase(asked);
        if (asked.again) await this.sweep(asked);
      }
    } catch (error) {
      this.parts.log.warn({ err: error }, 'a tenant is not erased yet; it is tried again');
    }
    this.working = undefined;
  }

  private async look(): Promise<readonly Asked[]> {
    const rows = await this.parts.db.system((tx) =>
      tx.query<Asked>(
        `select tenant, asked_by, detail, answered_at is null and asked_at < clock_timestamp() - ${SETTLE} as due,
           answered_at < clock_timestamp() - ${LOOK_AGAIN} and swept_at is null as again
         from erased_tenant`,
      ),
    );
    this.erased = new Set(rows.map(({ tenant }) => tenant));
    return rows;
  }

  private async erase({ tenant, asked_by: tenantId, detail }: Asked): Promise<void> {
    const { db, erasers, service } = this.parts;
    if (!detail) {
      const said = Object.assign({}, ...(await Promise.all(erasers.map((eraser) => eraser(tenant))))) as object;
      await db.system((tx) =>
        tx.query('update erased_tenant set detail = $2 where tenant = $1 and detail is null', [tenant, said]),
      );
    }
    while (!this.stopped && (await this.batch(tenant)) > 0);
    if (this.stopped) return;
    await db.tx({ tenantId, actor: `service:${service}` }, (tx) => this.tell(tx, tenant));
  }

  private batch(tenant: string): Promise<number> {
    return this.parts.db.system(async (tx) => {
      await tx.query('select from erased_tenant where tenant = $1 for no key update', [tenant]);
      const { n } = (await tx.one<{ n: string }>('select erase_tenant($1, $2) as n', [tenant, BATCH]))!;
      await tx.query('update erased_tenant set rows = rows + $2 where tenant = $1', [tenant, n]);
      return Number(n);
    });
  }

  private async tell(tx: Tx, tenant: string): Promise<void> {
    const row = await tx.one<{ rows: string; detail: Record<string, string> }>(
      `update erased_tenant set answered_at = clock_timestamp() where tenant = $1 and answered_at is null
       returning rows, detail`,
      [tenant],
    );
    if (row && this.answer) await tx.emit(this.answer, { tenant, rows: Number(row.rows), detail: row.detail });
  }

  private async sweep({ tenant }: Asked): Promise<void> {
    while (!this.stopped && (await this.batch(tenant)) > 0);
    await this.parts.db.system((tx) =>
      tx.query('update erased_tenant set swept_at = clock_timestamp() where tenant = $1', [tenant]),
    );
  }
}

/** Asks this service; asked again it looks again and answers again. */
export async function askToErase(tx: Tx, tenant: string, askedBy: string): Promise<void> {
  await tx.query(
    `insert into erased_tenant (tenant, asked_by) values ($1, $2)
     on conflict (tenant) do update set asked_at = clock_timestamp(), answered_at = null`,
    [tenant, askedBy],
  );
}
