import { randomBytes } from 'node:crypto';
import type { ReplyOf, RequestOf, mails } from '@conclave/contracts';
import { Database, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { Authenticator, type Grant } from '../credentials/authenticator.js';
import { CredentialDigest } from '../credentials/credential-digest.js';
import { MailOutbox } from './mail-outbox.js';
import { keepDevice, seeDevice, strangeDevice } from './postgres-mails.js';

type Contract = typeof mails.noteDevice;

/**
 * Tells a person when somebody signs in as them with a browser that they were not seen with. A browser is known by a cookie
 * of ours; the first one is nobody's surprise. Where no mail is set up, browsers are not told apart.
 */
@Injectable()
export class NoteDevice {
  constructor(
    private readonly db: Database,
    private readonly authenticator: Authenticator,
    private readonly digest: CredentialDigest,
    private readonly outbox: MailOutbox,
  ) {}

  /** @throws ConclaveError `auth.unauthenticated` */
  async run({ secret, device }: RequestOf<Contract>): Promise<ReplyOf<Contract>> {
    const grant = await this.authenticator.signIn(secret);
    if (!this.outbox.available || grant.principal.kind !== 'user') return {};
    const { tenantId, principal } = grant;
    return this.db.tx({ tenantId, actor: principal.id }, (tx) => this.note(tx, grant, device ?? ''));
  }

  private async note(tx: Tx, { tenantId, principal }: Grant, cookie: string): Promise<ReplyOf<Contract>> {
    const of = (text: string) => ({
      ...{ tenantId, principalId: principal.id, digest: this.digest.of('device', text), at: new Date() },
    });
    if (await seeDevice(tx, of(cookie))) return {};
    const { shared, others } = await strangeDevice(tx, of(cookie));
    // Of what a browser brings, only what was given here is kept: two people may use it, but nobody names it themselves.
    const device = shared ? cookie : randomBytes(32).toString('base64url');
    await keepDevice(tx, of(device));
    if (others) await this.outbox.notify(tx, tenantId, principal.id, 'new-device');
    return { device };
  }
}
