import { records, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Database, once } from '@conclave/postgres-kit';
import { Controller, Inject } from '@nestjs/common';
import { KeepAndForget } from './keep-and-forget.js';
import { pageOfErasures, pageOfHolds } from './postgres-retention.js';
import { selfAuditOf } from './postgres-self-audit.js';
import { ProveErasure } from './prove-erasure.js';

/** How long entries are kept, what forbids to forget, and forgetting. */
@Controller()
export class RetentionController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(KeepAndForget) private readonly keep: KeepAndForget,
    @Inject(ProveErasure) private readonly erasures: ProveErasure,
  ) {}

  @Handles(records.getRetention)
  retention(ctx: RequestContext) {
    return this.keep.kept(this.db.autocommit(ctx), ctx.tenantId);
  }

  @Handles(records.setRetention)
  retain(ctx: RequestContext, request: RequestOf<typeof records.setRetention>) {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, records.setRetention, request, () => this.keep.retain(tx, ctx, request.days)),
    );
  }

  @Handles(records.placeHold)
  place(ctx: RequestContext, request: RequestOf<typeof records.placeHold>) {
    return this.db.tx(ctx, (tx) => once(tx, ctx, records.placeHold, request, () => this.keep.place(tx, ctx, request)));
  }

  @Handles(records.listHolds)
  holds(ctx: RequestContext, request: RequestOf<typeof records.listHolds>) {
    return pageOfHolds(this.db.autocommit(ctx), ctx.tenantId, request);
  }

  @Handles(records.releaseHold)
  release(ctx: RequestContext, request: RequestOf<typeof records.releaseHold>) {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, records.releaseHold, request, () => this.keep.release(tx, ctx, request.id)),
    );
  }

  @Handles(records.eraseSubject)
  erase(ctx: RequestContext, request: RequestOf<typeof records.eraseSubject>) {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, records.eraseSubject, request, () => this.keep.erase(tx, ctx, request)),
    );
  }

  @Handles(records.getErasure)
  erasure(ctx: RequestContext, { id }: RequestOf<typeof records.getErasure>) {
    return this.erasures.run(ctx, id);
  }

  @Handles(records.listErasures)
  listErasures(ctx: RequestContext, request: RequestOf<typeof records.listErasures>) {
    return pageOfErasures(this.db.autocommit(ctx), ctx.tenantId, request);
  }

  @Handles(records.getSelfAudit)
  selfAudit(ctx: RequestContext) {
    return selfAuditOf(this.db.autocommit(ctx), ctx.tenantId);
  }
}
