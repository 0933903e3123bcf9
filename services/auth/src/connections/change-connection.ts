import { ConclaveError, connections, events, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { distrust } from '../credentials/distrust.js';
import type { DataKey } from '../data-keys/data-keys.js';
import { refuseLessThanOwner } from '../members/role-grant.js';
import { refuseLastWayIn } from '../sign-in-policy/postgres-sign-in-policy.js';
import { endSignIns } from '../sign-ins/end-sign-ins.js';
import { newConnectionKey } from './connection-key.js';
import { ConnectionSecrets } from './connection-secrets.js';
import { connectionView } from './connection-view.js';
import { nameTaken } from './create-connection.js';
import {
  lockConnection,
  updateConnection,
  updateKeys,
  type Connection,
  type ConnectionRow,
} from './postgres-connections.js';
import { PublicPlaces } from './public-places.js';
import { refuseProvisioning } from './refuse-provisioning.js';
import {
  checkProvisioning,
  providerOf,
  settingsOf,
  trusted,
  type ConnectionSettings,
  type GivenSettings,
} from './settings.js';

type Request = RequestOf<typeof connections.changeConnection>;

/**
 * Changes a connection. Disabling it ends every sign-in opened through it in the same transaction, and if it is asked for
 * the runs that were started so.
 */
@Injectable()
export class ChangeConnection {
  constructor(
    private readonly db: Database,
    private readonly secrets: ConnectionSecrets,
    private readonly places: PublicPlaces,
  ) {}

  /** @throws ConclaveError `auth.connection.*` | `auth.role.too-wide` | `auth.workspace.not-found` | `auth.forbidden` */
  async run(ctx: RequestContext, request: Request): Promise<Connection> {
    const key = request.settings && (await this.secrets.key(ctx, 'connection'));
    const change = (tx: Tx) => this.change(tx, ctx, request, key);
    return this.db
      .tx(ctx, (tx) => once(tx, ctx, connections.changeConnection, request, () => change(tx)))
      .catch(nameTaken);
  }

  private async change(tx: Tx, ctx: RequestContext, request: Request, key: DataKey | undefined): Promise<Connection> {
    const { id, enabled, settings, runs, ...rest } = request;
    const row = await lockConnection(tx, ctx.tenantId, id, 'update');
    if (!row) throw new ConclaveError('auth.connection.not-found', { id });
    const seal = (of: DataKey, text: string) => this.secrets.seal(tx, ctx, of, { kind: 'connection', id, text });
    const now = new Date();
    const isEnabled = enabled ?? row.disabled_at === null;
    const changed: ConnectionRow = {
      ...row,
      ...(settings && key ? await this.renewed(row, settings, (text) => seal(key, text)) : {}),
      name: rest.name ?? row.name,
      provisioning: rest.provisioning ?? row.provisioning,
      email_domains: rest.emailDomains ? [...new Set(rest.emailDomains)] : row.email_domains,
      disabled_at: isEnabled ? null : (row.disabled_at ?? now),
    };
    if (!isEnabled && row.disabled_at === null) await refuseLastWayIn(tx, ctx.tenantId, id);
    if (isEnabled) trusted(changed.settings, this.places.origin);
    if (rest.provisioning || rest.emailDomains || settings)
      checkProvisioning(changed.provisioning, changed.email_domains, changed.settings as ConnectionSettings);
    if (rest.provisioning || rest.emailDomains) await refuseProvisioning(tx, ctx, changed.provisioning);
    if (settings || rest.provisioning || rest.emailDomains || enabled) refuseLessThanOwner(ctx);
    await updateConnection(tx, changed, isEnabled && row.disabled_at ? now : undefined);
    if (settings) await updateKeys(tx, changed);
    if (!isEnabled) await endSignIns(tx, ctx.tenantId, { connectionId: id }, now);
    if (runs === 'cancel') await distrust(tx, ctx, id);
    const members = Object.keys(request).filter((member) => member !== 'id' && member !== 'runs');
    await tx.emit(events.connectionChanged, { connection: id, kind: row.kind, changed: members, enabled: isEnabled });
    return connectionView(changed, this.places);
  }

  /** A new client comes with its secret: the old one must not go where new settings send it. A key goes nowhere. */
  private async renewed(
    row: ConnectionRow,
    given: GivenSettings,
    seal: (secret: string) => Promise<string>,
  ): Promise<Partial<ConnectionRow>> {
    const { settings, secret } = settingsOf(given, this.places.origin);
    if (settings.kind !== row.kind || providerOf(settings) !== providerOf(row.settings as typeof settings))
      throw new ConclaveError('auth.connection.invalid', { reason: 'another provider is another connection' });
    if (secret === undefined && row.certificate !== null) return { settings };
    const own = secret === undefined ? await newConnectionKey(this.places.origin) : { secret, certificate: null };
    return {
      ...{ settings, secret_sealed: await seal(own.secret) },
      ...{ certificate: own.certificate, standby_sealed: null, standby_certificate: null },
    };
  }
}
