import { events } from '@conclave/contracts';
import { METRICS } from '@conclave/nest-kit';
import { Egress } from '@conclave/nest-kit/egress';
import { Database, type Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { Counter, type Registry } from 'prom-client';
import { webhookHeaders } from '../standard-webhook.js';
import { disableWebhook, markFailing, markWorking } from '../webhooks/postgres-webhooks.js';
import { WebhookSecrets } from '../webhooks/webhook-secrets.js';
import {
  ENTRIES,
  failPending,
  openClaim,
  recordOutcome,
  type Claim,
  type Outcome,
  type Parcel,
} from './postgres-deliveries.js';
import { DISABLE_AFTER_MS, retryAt } from './retry-schedule.js';

const TIMEOUT_MS = 5_000;
/** Standard Webhooks: the receiver asks never to be called again. */
const GONE = 410;

type Answer = { readonly status: number } | { readonly error: string };

/**
 * One attempt: opens what was claimed, posts it, writes down how it went. Between posting and writing nothing is held;
 * when the process dies there, the claim's lease ends and the receiver gets the same id again. A secret that does not
 * open is our fault, not the receiver's: the attempt is lost, nothing is held against the webhook or the delivery.
 */
@Injectable()
export class AttemptDelivery {
  private readonly counter: Counter;

  constructor(
    private readonly db: Database,
    private readonly egress: Egress,
    private readonly secrets: WebhookSecrets,
    @Inject(METRICS) metrics: Registry,
  ) {
    this.counter = new Counter({
      name: 'conclave_delivery_attempts_total',
      help: 'Attempts to deliver a webhook, by what became of the delivery.',
      labelNames: ['state'],
      registers: [metrics],
    });
  }

  async run(claim: Claim): Promise<void> {
    const actor = { tenantId: claim.tenantId, actor: 'service:delivery' };
    const parcel = await this.db.tx(actor, (tx) => openClaim(tx, claim));
    if (!parcel) return;
    const answer = await this.post(claim, parcel);
    const outcome = await this.db.tx(actor, (tx) =>
      record(tx, claim, { answer, failures: parcel.failures, now: new Date() }),
    );
    this.counter.inc({ state: outcome.state });
  }

  private async post({ tenantId, webhookId, id }: Claim, { body, url, secretSealed }: Parcel): Promise<Answer> {
    const secret = this.secrets.open(secretSealed, tenantId, webhookId);
    const signed = webhookHeaders(secret, { id, timestamp: Math.floor(Date.now() / 1_000), body });
    const headers = { ...signed, 'content-type': 'application/json', 'user-agent': 'conclave-delivery' };
    try {
      return { status: await this.egress.post(url, { headers, body, timeoutMs: TIMEOUT_MS }) };
    } catch (error) {
      return { error: reasonOf(error) };
    }
  }
}

/** Locks the webhook before its deliveries, always, so that two replicas cannot wait for each other. */
async function record(
  tx: Tx,
  claim: Claim,
  { answer, failures, now }: { answer: Answer; failures: number; now: Date },
): Promise<Outcome> {
  const { tenantId, webhookId } = claim;
  if ('status' in answer && answer.status >= 200 && answer.status < 300) {
    const delivered = { state: 'delivered', status: answer.status } as const;
    await markWorking(tx, tenantId, webhookId);
    await writeDown(tx, claim, delivered);
    return delivered;
  }
  const error = 'error' in answer ? answer.error : `the receiver answered ${answer.status}`;
  const seen = 'status' in answer ? { error, status: answer.status } : { error };
  const failingSince = await markFailing(tx, tenantId, webhookId, now);
  const gone = 'status' in answer && answer.status === GONE;
  const disable = gone || now.getTime() - failingSince.getTime() >= DISABLE_AFTER_MS;
  const again = disable ? undefined : retryAt(failures + 1, now.getTime(), Math.random());
  const outcome: Outcome = again ? { state: 'pending', retryAt: again, ...seen } : { state: 'failed', ...seen };
  await writeDown(tx, claim, outcome);
  if (disable) {
    if (await disableWebhook(tx, tenantId, webhookId, now))
      await tx.emit(events.webhookDisabled, { webhook: webhookId });
    await failPending(tx, tenantId, webhookId);
  }
  return outcome;
}

/** Audit hands over more entries as those on their way come to their end. */
async function writeDown(tx: Tx, claim: Claim, outcome: Outcome): Promise<void> {
  const type = await recordOutcome(tx, claim, outcome);
  if (type === ENTRIES && outcome.state !== 'pending')
    await tx.emit(events.entriesSettled, { webhook: claim.webhookId });
}

/** What the tenant may know of a failure: the network's error code, or our own refusal. */
function reasonOf(error: unknown): string {
  const { name, code, message } = error as { name?: string; code?: unknown; message?: string };
  if (name === 'TimeoutError') return `no answer within ${TIMEOUT_MS} ms`;
  return typeof code === 'string' ? code : (message ?? 'failed');
}
