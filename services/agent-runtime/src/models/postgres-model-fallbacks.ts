import { Inject, Injectable } from '@nestjs/common';
import { ConclaveError, events, models, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Statements, type Tx } from '@conclave/postgres-kit';
import type { Place } from '../secrets/known-secrets.js';
import type { ModelRoute } from './model-port.js';
import { WorkspaceModels } from './workspace-models.js';

type Wanted = RequestOf<typeof models.setFallbacks>;

/**
 * Which models take the place of one, as a workspace wants it. They are its own list each: what stands in for a stand-in
 * is nobody's business, so no list can lead round in a circle.
 */
@Injectable()
export class ModelFallbacks {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(WorkspaceModels) private readonly models: WorkspaceModels,
  ) {}

  /** The way to a model, and those that may be taken instead, as far as they are configured now; none without the first. */
  async ways(place: Place, model: string): Promise<readonly [ModelRoute, ...ModelRoute[]] | undefined> {
    const reader = this.db.autocommit(place);
    const [routes, lists] = await Promise.all([this.models.routes(place), fallbacksIn(reader, place, model)]);
    const routeOf = (id: string) => routes.find((route) => route.id === id);
    const asked = routeOf(model);
    if (!asked) return undefined;
    return [asked, ...(lists.get(model) ?? []).map(routeOf).filter((route) => route !== undefined)];
  }

  async list(ctx: RequestContext): Promise<ReplyOf<typeof models.listModels>> {
    const place = placeOf(ctx);
    const [routes, lists] = await Promise.all([
      this.models.routes(place),
      fallbacksIn(this.db.autocommit(place), place),
    ]);
    const items = routes.map(({ id, family }) => ({ model: id, family, fallbacks: [...(lists.get(id) ?? [])] }));
    return { items };
  }

  /** @throws ConclaveError `runtime.model.unknown` */
  set(ctx: RequestContext, request: Wanted): Promise<ReplyOf<typeof models.setFallbacks>> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, models.setFallbacks, request, async () => {
        const { model, fallbacks } = request;
        const place = placeOf(ctx);
        const changed =
          fallbacks.length === 0 ? await takeAway(tx, place, model) : await this.put(tx, place, { model, fallbacks });
        if (changed) await tx.emit(events.fallbacksChanged, { workspace: place.workspaceId, model, fallbacks });
        return { model, fallbacks };
      }),
    );
  }

  private async put(tx: Tx, place: Place, { model, fallbacks }: Wanted): Promise<boolean> {
    const known = (await this.models.routes(place, tx)).map(({ id }) => id);
    const unknown = [model, ...fallbacks].find((id) => !known.includes(id));
    if (unknown !== undefined) throw new ConclaveError('runtime.model.unknown', { model: unknown, known });
    const changed = await tx.query(
      `insert into model_fallback as f (tenant_id, workspace_id, model, fallbacks) values ($1, $2, $3, $4)
       on conflict (tenant_id, workspace_id, model) do update set fallbacks = excluded.fallbacks
       where f.fallbacks <> excluded.fallbacks returning 1`,
      [place.tenantId, place.workspaceId, model, fallbacks],
    );
    return changed.length > 0;
  }
}

const placeOf = ({ tenantId, workspaceId, actor }: RequestContext): Place => ({
  ...{ tenantId, workspaceId: workspaceId!, actor },
});

/** The lists of a workspace, or the one of a model. */
async function fallbacksIn(
  db: Statements,
  { tenantId, workspaceId }: Place,
  model?: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await db.query<{ model: string; fallbacks: string[] }>(
    `select model, fallbacks from model_fallback
     where tenant_id = $1 and workspace_id = $2 and ($3::text is null or model = $3)`,
    [tenantId, workspaceId, model ?? null],
  );
  return new Map(rows.map((row) => [row.model, row.fallbacks]));
}

async function takeAway(tx: Tx, { tenantId, workspaceId }: Place, model: string): Promise<boolean> {
  const gone = await tx.query(
    'delete from model_fallback where tenant_id = $1 and workspace_id = $2 and model = $3 returning 1',
    [tenantId, workspaceId, model],
  );
  return gone.length > 0;
}
