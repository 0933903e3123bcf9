import { ConclaveError, delivery, events, newId, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Egress, EgressRefusedError } from '@conclave/nest-kit/egress';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { newWebhookSecret } from '../standard-webhook.js';
import { countWebhooks, insertWebhook } from './postgres-webhooks.js';
import { WebhookSecrets } from './webhook-secrets.js';

type Request = RequestOf<typeof delivery.createWebhook>;
type Reply = ReplyOf<typeof delivery.createWebhook>;

/** Well inside what the caller waits for an answer. */
const CHECK_MS = 3_000;
/** Every event is sent to each of them, so this bounds what one tenant can make us send. */
const MAX_PER_TENANT = 50;

/** Registers where events are sent. The address is checked now for the caller's sake, and again at every attempt. */
@Injectable()
export class CreateWebhook {
  constructor(
    private readonly db: Database,
    private readonly egress: Egress,
    private readonly secrets: WebhookSecrets,
  ) {}

  /** @throws ConclaveError `delivery.webhook.address` | `delivery.webhook.too-many` */
  async run(ctx: RequestContext, request: Request): Promise<Reply> {
    if (request.entries && !ctx.scopes.has('audit:read'))
      throw new ConclaveError('auth.forbidden', { permission: 'audit:read' });
    await this.egress.admit(request.url, AbortSignal.timeout(CHECK_MS)).catch(refuse);
    return this.db.tx(ctx, async (tx) => {
      const sealed = await once(tx, ctx, delivery.createWebhook, request, () => this.create(tx, ctx, request));
      return { ...sealed, secret: this.secrets.open(sealed.secret, ctx.tenantId, sealed.id) };
    });
  }

  /** The stored answer of an idempotent request holds the secret sealed, like the row. */
  private async create(tx: Tx, { tenantId }: RequestContext, { url, events: types, entries }: Request): Promise<Reply> {
    if ((await countWebhooks(tx, tenantId)) >= MAX_PER_TENANT)
      throw new ConclaveError('delivery.webhook.too-many', { limit: MAX_PER_TENANT });
    const id = newId('webhook');
    const secretSealed = this.secrets.seal(newWebhookSecret(), tenantId, id);
    const wanted = [...new Set(types)];
    const createdAt = new Date();
    const view = await insertWebhook(tx, {
      ...{ tenantId, id, url, events: wanted, secretSealed, createdAt },
      entries: entries ?? null,
    });
    await tx.emit(events.webhookCreated, { webhook: id, ...(entries ? { entries } : {}) });
    return { ...view, secret: secretSealed };
  }
}

function refuse(error: unknown): never {
  if (!(error instanceof Error) || !(error instanceof EgressRefusedError || error.name === 'TimeoutError')) throw error;
  const reason = error instanceof EgressRefusedError ? error.message : `the host did not resolve within ${CHECK_MS} ms`;
  throw new ConclaveError('delivery.webhook.address', { reason }, { cause: error });
}
