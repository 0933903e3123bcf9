import { Inject, Injectable } from '@nestjs/common';
import { caps, ConclaveError, events, idOf, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, lock, once, type Actor, type Tx } from '@conclave/postgres-kit';
import { AgentHouse } from '../engine/agent-house.js';
import { Bells } from '../engine/bells.js';
import { ModelRoutes } from '../models/model-routes.js';

type Wanted = RequestOf<typeof caps.setCap>;

/** Turns of a cap that run now, to be followed by which caps. */
const running = (tenant: string, kind: string, key: string): string =>
  `(select count(*)::int from turn t where t.tenant_id = ${tenant} and t.state = 'running'
    and ${key} = case ${kind} when 'workspace' then t.workspace_id when 'agent' then t.agent
      else coalesce(t.asks, t.provider) end)`;

/** How many turns run at once, as a tenant's owners want it. The claim reads what stands here. */
@Injectable()
export class PostgresCaps {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(AgentHouse) private readonly house: AgentHouse,
    @Inject(ModelRoutes) private readonly models: ModelRoutes,
    @Inject(Bells) private readonly bells: Bells,
  ) {}

  async list(ctx: Actor): Promise<ReplyOf<typeof caps.listCaps>> {
    const items = await this.db.autocommit(ctx).query<ReplyOf<typeof caps.listCaps>['items'][number]>(
      `select c.kind, c.key as name, c.slots, ${running('c.tenant_id', 'c.kind', 'c.key')} as running
       from cap c where c.tenant_id = $1 order by c.kind, c.key`,
      [ctx.tenantId],
    );
    return { items };
  }

  /** @throws ConclaveError `runtime.cap.unknown-name` | `runtime.cap.too-many` */
  set(ctx: RequestContext, request: Wanted): Promise<ReplyOf<typeof caps.setCap>> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, caps.setCap, request, async () => {
        const { kind, name, slots } = request;
        const changed =
          slots === null ? await takeAway(tx, ctx, request) : await this.put(tx, ctx, { ...request, slots });
        if (changed) await tx.emit(events.capChanged, { kind, name, ...(slots !== null && { slots }) });
        tx.afterCommit(() => this.bells.ready());
        const now = await tx.one<{ running: number }>(`select ${running('$1', '$2::text', '$3')} as running`, [
          ...[ctx.tenantId, kind, name],
        ]);
        return { kind, name, slots, running: now!.running };
      }),
    );
  }

  private async put(tx: Tx, ctx: Actor, { kind, name, slots }: Wanted): Promise<boolean> {
    const { tenantId } = ctx;
    this.mustBeKnown(kind, name);
    await lock(tx, ctx, 'caps', 'alone');
    const others = await tx.one<{ count: number }>(
      'select count(*)::int as count from cap where tenant_id = $1 and (kind, key) <> ($2, $3)',
      [tenantId, kind, name],
    );
    if (others!.count >= caps.MAX_CAPS) throw new ConclaveError('runtime.cap.too-many', { most: caps.MAX_CAPS });
    const changed = await tx.query(
      `insert into cap as c (tenant_id, kind, key, slots) values ($1, $2, $3, $4)
       on conflict (tenant_id, kind, key) do update set slots = excluded.slots where c.slots <> excluded.slots returning 1`,
      [tenantId, kind, name, slots],
    );
    return changed.length > 0;
  }

  /**
   * A misspelled name would hold nothing back, and nobody would know. Of workspaces the runtime keeps no list: another's
   * id holds back none of the tenant's turns and nobody else's.
   */
  private mustBeKnown(kind: Wanted['kind'], name: string): void {
    const known = {
      workspace: undefined,
      agent: [...this.house.agents.keys()],
      provider: [...this.models.vendors.map(([{ family }]) => family), 'compatible'],
    }[kind];
    if (known ? known.includes(name) : idOf('workspace').safeParse(name).success) return;
    throw new ConclaveError('runtime.cap.unknown-name', { kind, name, ...(known && { known }) });
  }
}

async function takeAway(tx: Tx, { tenantId }: Actor, { kind, name }: Wanted): Promise<boolean> {
  const gone = await tx.query('delete from cap where tenant_id = $1 and kind = $2 and key = $3 returning 1', [
    ...[tenantId, kind, name],
  ]);
  return gone.length > 0;
}
