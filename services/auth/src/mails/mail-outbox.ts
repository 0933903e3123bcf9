import { ConclaveError, newId, type mails } from '@conclave/contracts';
import { lock, type Actor, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { DataKeys, type DataKey } from '../data-keys/data-keys.js';
import { addressOf, insertMail, linksMailedOfLate } from './postgres-mails.js';
import { Smtp } from './smtp.js';

const PURPOSE = 'mail';
/** Links that a tenant has mailed to one address, and to all, in an hour. */
const WINDOW_MS = 3_600_000;
const MOST_TO_ONE = 10;
const MOST = 500;

/** A link on its way to somebody. */
export interface LinkToSend {
  readonly kind: 'invitation' | 'recovery';
  readonly principalId: string;
  readonly linkId: string;
  readonly link: string;
}

/** What of a mail opens something. */
export interface SealedPart {
  readonly to: string;
  readonly link: string;
}

/** Queues mail in the transaction of what it tells. Where no mail is set up, nothing is queued. */
@Injectable()
export class MailOutbox {
  constructor(
    private readonly keys: DataKeys,
    private readonly smtp: Smtp,
  ) {}

  get available(): boolean {
    return this.smtp.available;
  }

  /** The key to seal with, asked for before the transaction. @throws ConclaveError `auth.mail.unavailable` */
  key(ctx: Actor): Promise<DataKey> {
    if (!this.available) throw new ConclaveError('auth.mail.unavailable', { reason: 'mail is not set up' });
    return this.keys.forSealing(ctx, PURPOSE);
  }

  /** @throws ConclaveError `auth.mail.unavailable` when the person has no address | `request.rate-limited` */
  async send(tx: Tx, ctx: Actor, key: DataKey, { link, ...mail }: LinkToSend): Promise<string> {
    const { tenantId } = ctx;
    const to = await addressOf(tx, tenantId, mail.principalId);
    if (to === undefined) throw new ConclaveError('auth.mail.unavailable', { reason: 'no address is known' });
    await lock(tx, ctx, 'mail of links', 'alone');
    refuseTooMany(await linksMailedOfLate(tx, tenantId, to, WINDOW_MS));
    await this.keys.hold(tx, ctx, key);
    const id = newId('mail');
    const part: SealedPart = { to, link };
    const sealed = key.box.seal(JSON.stringify(part), placeOf(tenantId, id));
    await insertMail(tx, { ...mail, tenantId, id, sealed, dataKeyId: key.id, at: new Date() });
    return id;
  }

  /** Tells a person what happened, if they can be told. */
  async notify(tx: Tx, tenantId: string, principalId: string, kind: Exclude<mails.MailKind, LinkToSend['kind']>) {
    if (!this.available || (await addressOf(tx, tenantId, principalId)) === undefined) return;
    await insertMail(tx, { tenantId, id: newId('mail'), kind, principalId, at: new Date() });
  }

  /** Undefined once its data key was destroyed. */
  async open(ctx: Actor, id: string, dataKeyId: string, sealed: string): Promise<SealedPart | undefined> {
    const key = await this.keys.forOpening(ctx, dataKeyId);
    return key && (JSON.parse(key.box.open(sealed, placeOf(ctx.tenantId, id))) as SealedPart);
  }
}

/** Whoever may invite must not have us fill somebody's letter box, nor everybody's. */
function refuseTooMany({ toThem, toAll }: { readonly toThem: number; readonly toAll: number }): void {
  if (toThem < MOST_TO_ONE && toAll < MOST) return;
  const windowS = WINDOW_MS / 1_000;
  const limit = toThem < MOST_TO_ONE ? MOST : MOST_TO_ONE;
  throw new ConclaveError('request.rate-limited', { limit, windowS, retryAfterS: windowS });
}

const placeOf = (tenantId: string, id: string): string => [tenantId, 'mail', 'sealed', id].join('|');
