import { events, tenants, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Statements, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { refuseNoPng, refuseUnreadable } from './fit.js';

type Request = RequestOf<typeof tenants.changeOwnTenant>;
type Reply = ReplyOf<typeof tenants.changeOwnTenant>;
export type Branding = Reply['branding'];

/** How a tenant shows itself where its people sign in. */
@Injectable()
export class BrandTenant {
  constructor(private readonly db: Database) {}

  get(ctx: RequestContext): Promise<Reply> {
    return read(this.db.autocommit(ctx), ctx.tenantId);
  }

  /** @throws ConclaveError `auth.branding.unfit` */
  change(ctx: RequestContext, request: Request): Promise<Reply> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, tenants.changeOwnTenant, request, () => this.put(tx, ctx.tenantId, request)),
    );
  }

  private async put(tx: Tx, tenantId: string, request: Request): Promise<Reply> {
    const { accent, logo } = request;
    if (accent) refuseUnreadable(accent);
    if (logo) refuseNoPng(logo);
    await tx.query('update tenant set branding = jsonb_strip_nulls(branding || $2) where tenant_id = $1', [
      tenantId,
      JSON.stringify(request),
    ]);
    await tx.emit(events.brandingChanged, { changed: Object.keys(request).sort() });
    return read(tx, tenantId);
  }
}

async function read(db: Statements, tenantId: string): Promise<Reply> {
  const row = await db.one<Reply>('select tenant_id as id, name, branding from tenant where tenant_id = $1', [
    tenantId,
  ]);
  return row!;
}

/** Nothing when its owners chose none. */
export async function brandingOf(db: Statements, tenantId: string): Promise<{ branding?: Branding }> {
  const row = await db.one<{ branding: Branding }>(
    `select branding from tenant where tenant_id = $1 and branding <> '{}' and suspended_at is null`,
    [tenantId],
  );
  return row ? { branding: row.branding } : {};
}
