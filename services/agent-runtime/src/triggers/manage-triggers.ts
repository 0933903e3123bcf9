import { Inject, Injectable } from '@nestjs/common';
import {
  ConclaveError,
  newId,
  triggers,
  type CreateRunRequest,
  type Fired,
  type ReplyOf,
  type RequestOf,
  type Trigger,
  type TriggerSource,
} from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, mustFitPage, once, type Tx } from '@conclave/postgres-kit';
import { StartRun, starterOf } from '../runs/start-run.js';
import { mustTakeRuns } from '../sessions/postgres-sessions.js';
import { FireTrigger } from './fire-trigger.js';
import {
  countOthers,
  hearsRunEnds,
  insertTrigger,
  listFailures,
  listTriggers,
  readTrigger,
  toTrigger,
  updateTrigger,
} from './postgres-triggers.js';
import { scheduleOf } from './schedule.js';
import { newHookSecret } from './standard-webhook.js';
import { TriggerSecrets } from './trigger-secrets.js';

type Created = ReplyOf<typeof triggers.createTrigger>;

/** Every event is compared with all that listen for it. */
const MAX_PER_WORKSPACE = 200;
/** Those that listen for ends of runs fire each other: one run starts this many to the power of their depth. */
const MAX_OF_RUN_ENDS = 3;

/** What people do to triggers. What a trigger would start is checked as if it were started now. */
@Injectable()
export class ManageTriggers {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(StartRun) private readonly starter: StartRun,
    @Inject(FireTrigger) private readonly trigger: FireTrigger,
    @Inject(TriggerSecrets) private readonly secrets: TriggerSecrets,
  ) {}

  /** The stored answer of an idempotent request holds the secret sealed, like the row. */
  async create(ctx: RequestContext, request: RequestOf<typeof triggers.createTrigger>): Promise<Created> {
    const made = await this.db.tx(ctx, (tx) =>
      once(tx, ctx, triggers.createTrigger, request, async () => {
        const { title, on: source, run: template, enabled } = request;
        const id = newId('trigger');
        await mustHaveRoom(tx, ctx, id, source);
        await this.check(tx, ctx, template);
        const next_at = nextOf(source, enabled);
        const secretSealed =
          source.kind === 'webhook' ? this.secrets.seal(newHookSecret(), ctx.tenantId, id) : undefined;
        const row = await insertTrigger(
          tx,
          { tenantId: ctx.tenantId, workspaceId: ctx.workspaceId!, id, secretSealed },
          { title, ...byCaller(ctx), enabled, source, template, next_at },
        );
        return { ...toTrigger(row), ...(secretSealed !== undefined && { secret: secretSealed }) };
      }),
    );
    return made.secret === undefined
      ? made
      : { ...made, secret: this.secrets.open(made.secret, ctx.tenantId, made.id) };
  }

  list(ctx: RequestContext, page: RequestOf<typeof triggers.listTriggers>) {
    return listTriggers(this.db.autocommit(ctx), ctx, page);
  }

  async get(ctx: RequestContext, id: string): Promise<Trigger> {
    return toTrigger(await readTrigger(this.db.autocommit(ctx), ctx, id));
  }

  async failures(ctx: RequestContext, request: RequestOf<typeof triggers.listTriggerFailures>) {
    const db = this.db.autocommit(ctx);
    await readTrigger(db, ctx, request.id);
    return listFailures(db, ctx, request);
  }

  change(ctx: RequestContext, request: RequestOf<typeof triggers.changeTrigger>): Promise<Trigger> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, triggers.changeTrigger, request, async () => {
        const row = await readTrigger(tx, ctx, request.id, true);
        const { title = row.title, on: source = row.source, run: template = row.template } = request;
        if (source.kind !== row.source.kind)
          throw new ConclaveError('runtime.trigger.malformed', { reason: `it is of kind ${row.source.kind}` });
        if (request.on) await mustHaveRoom(tx, ctx, row.id, source);
        if (request.run) await this.check(tx, ctx, template);
        const enabled = request.enabled ?? row.enabled;
        const kept = request.on === undefined && enabled === row.enabled;
        const next_at = kept ? row.next_at : nextOf(source, enabled);
        return toTrigger(await updateTrigger(tx, row, { title, ...byCaller(ctx), enabled, source, template, next_at }));
      }),
    );
  }

  delete(ctx: RequestContext, request: RequestOf<typeof triggers.deleteTrigger>): Promise<Trigger> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, triggers.deleteTrigger, request, async () => {
        const row = await readTrigger(tx, ctx, request.id, true);
        await tx.query('delete from trigger where tenant_id = $1 and id = $2', [ctx.tenantId, row.id]);
        return toTrigger(row);
      }),
    );
  }

  fire(ctx: RequestContext, request: RequestOf<typeof triggers.fireTrigger>): Promise<Fired> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, triggers.fireTrigger, request, async () => {
        await readTrigger(tx, ctx, request.id);
        return this.trigger.fire(tx, ctx.tenantId, request.id, {
          ...{ kind: 'manual', key: `manual/${newId('event')}`, at: new Date() },
          ...(request.body !== undefined && { body: request.body }),
          rootCredential: ctx.rootCredentialId,
        });
      }),
    );
  }

  private async check(tx: Tx, ctx: RequestContext, template: CreateRunRequest): Promise<void> {
    mustFitPage(template);
    const who = starterOf(ctx);
    await this.starter.plan(who, template, { trigger: {} }, tx);
    if (template.session !== undefined) await mustTakeRuns(tx, who, template.session);
  }
}

/** Whose it is from now on, and what it stands with. */
const byCaller = ({ actor, rootCredentialId }: RequestContext) => ({
  owner: actor,
  root_credential: rootCredentialId ?? null,
});

/** @throws ConclaveError `runtime.trigger.too-many` when the workspace has too many others */
async function mustHaveRoom(tx: Tx, ctx: RequestContext, id: string, source: TriggerSource): Promise<void> {
  const others = await countOthers(tx, ctx, id);
  const full = (limit: number) => new ConclaveError('runtime.trigger.too-many', { limit });
  if (others.all >= MAX_PER_WORKSPACE) throw full(MAX_PER_WORKSPACE);
  if (hearsRunEnds(source) && others.of_run_ends >= MAX_OF_RUN_ENDS) throw full(MAX_OF_RUN_ENDS);
}

/** @throws ConclaveError `runtime.trigger.malformed` */
function nextOf(source: TriggerSource, enabled: boolean): Date | null {
  if (source.kind !== 'cron') return null;
  let next: Date | undefined;
  try {
    next = scheduleOf(source).after(new Date());
  } catch (error) {
    throw new ConclaveError('runtime.trigger.malformed', { reason: (error as Error).message });
  }
  if (!next) throw new ConclaveError('runtime.trigger.malformed', { reason: 'the schedule never comes' });
  return enabled ? next : null;
}
