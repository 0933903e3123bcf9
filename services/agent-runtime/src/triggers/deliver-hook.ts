import { Inject, Injectable } from '@nestjs/common';
import { ConclaveError, type Fired, type RequestOf, type triggers } from '@conclave/contracts';
import { Database } from '@conclave/postgres-kit';
import { isDeeperThan } from '@conclave/run-core';
import type { Json } from '../engine/agent-port.js';
import { isHeld } from '../tenants/hold-tenants.js';
import { FireTrigger, runtimeActor, type FireOutcome } from './fire-trigger.js';
import { readTrigger, type TriggerRow } from './postgres-triggers.js';
import { isSigned } from './standard-webhook.js';
import { TriggerSecrets } from './trigger-secrets.js';

type Delivery = RequestOf<typeof triggers.deliverHook>;

/** Takes a delivery from outside: nothing is read of it before its signature is good. */
@Injectable()
export class DeliverHook {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(FireTrigger) private readonly trigger: FireTrigger,
    @Inject(TriggerSecrets) private readonly secrets: TriggerSecrets,
  ) {}

  async run({ id, body: base64, ...signed }: Delivery): Promise<Fired> {
    const trigger = await this.hookOf(id);
    const { tenant_id: tenantId, secret_sealed: sealed } = trigger;
    const body = Buffer.from(base64, 'base64');
    if (!isSigned(this.secrets.open(sealed!, tenantId, id), { ...signed, body }, new Date()))
      throw new ConclaveError('runtime.trigger.signature', { id });
    const { message } = signed;
    const firing = { kind: 'webhook', key: `webhook/${message}`, message, at: new Date(), body: read(body) } as const;
    const outcome: FireOutcome = await this.db.tx(runtimeActor(tenantId), async (tx) => {
      if (await isHeld(tx, tenantId)) throw new ConclaveError('auth.tenant.suspended');
      return this.trigger.fireOrBury(tx, tenantId, id, firing);
    });
    if ('refused' in outcome) throw outcome.refused;
    return outcome.fired;
  }

  /** A delivery names a trigger and no tenant; nobody is told which triggers there are. */
  private async hookOf(id: string): Promise<TriggerRow> {
    const place = await this.db.system((tx) =>
      tx.one<{ tenant_id: string }>('select tenant_id from trigger where id = $1', [id]),
    );
    if (!place) throw new ConclaveError('runtime.trigger.signature', { id });
    const actor = runtimeActor(place.tenant_id);
    const trigger = await readTrigger(this.db.autocommit(actor), actor, id);
    if (trigger.source.kind !== 'webhook') throw new ConclaveError('runtime.trigger.signature', { id });
    return trigger;
  }
}

/** As deep as the edge lets other bodies be. */
const DEPTH_LIMIT = 64;

/** @throws ConclaveError `request.malformed` */
function read(body: Buffer): Json {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw new ConclaveError('request.malformed', { reason: 'not JSON in UTF-8' }, { cause });
  }
  if (isDeeperThan(value, DEPTH_LIMIT))
    throw new ConclaveError('request.malformed', { reason: `more than ${DEPTH_LIMIT} levels` });
  return value as Json;
}
