import { ConclaveError, connections, events, newId, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import type { DataKey } from '../data-keys/data-keys.js';
import { refuseLessThanOwner } from '../members/role-grant.js';
import { isUniqueViolation } from '../unique-violation.js';
import { newConnectionKey } from './connection-key.js';
import { ConnectionSecrets } from './connection-secrets.js';
import { connectionView } from './connection-view.js';
import { countConnections, insertConnection, type Connection } from './postgres-connections.js';
import { PublicPlaces } from './public-places.js';
import { refuseProvisioning } from './refuse-provisioning.js';
import { checkProvisioning, settingsOf, type ConnectionSettings } from './settings.js';

type Request = RequestOf<typeof connections.createConnection>;

interface Parts {
  readonly request: Request;
  readonly settings: ConnectionSettings;
  readonly secret: string;
  readonly certificate: string | null;
  readonly key: DataKey;
}

const MAX_PER_TENANT = 50;
/** Connects an identity provider. It lets people in at once: those it may. */
@Injectable()
export class CreateConnection {
  constructor(
    private readonly db: Database,
    private readonly secrets: ConnectionSecrets,
    private readonly places: PublicPlaces,
  ) {}

  /** @throws ConclaveError `auth.connection.*` | `auth.role.too-wide` | `auth.workspace.not-found` */
  async run(ctx: RequestContext, request: Request): Promise<Connection> {
    const { settings, secret } = settingsOf(request.settings, this.places.origin);
    const own = secret === undefined ? await newConnectionKey(this.places.origin) : { secret, certificate: null };
    const key = await this.secrets.key(ctx, 'connection');
    const create = (tx: Tx) => this.create(tx, ctx, { request, settings, key, ...own });
    return this.db
      .tx(ctx, (tx) => once(tx, ctx, connections.createConnection, request, () => create(tx)))
      .catch(nameTaken);
  }

  private async create(tx: Tx, ctx: RequestContext, parts: Parts): Promise<Connection> {
    const { tenantId } = ctx;
    const { name, provisioning, emailDomains } = parts.request;
    checkProvisioning(provisioning, emailDomains, parts.settings);
    await refuseProvisioning(tx, ctx, provisioning);
    if (emailDomains.length > 0) refuseLessThanOwner(ctx);
    if ((await countConnections(tx, tenantId)) >= MAX_PER_TENANT)
      throw new ConclaveError('auth.connection.too-many', { limit: MAX_PER_TENANT });
    const id = newId('connection');
    const { kind } = parts.settings;
    const sealed = await this.secrets.seal(tx, ctx, parts.key, { kind: 'connection', id, text: parts.secret });
    const row = {
      ...{ tenant_id: tenantId, id, kind, name, settings: parts.settings, provisioning },
      ...{ secret_sealed: sealed, certificate: parts.certificate },
      ...{ standby_sealed: null, standby_certificate: null },
      ...{ email_domains: [...new Set(emailDomains)], created_at: new Date(), disabled_at: null },
    };
    await insertConnection(tx, row);
    await tx.emit(events.connectionCreated, { connection: id, kind, provisioning: provisioning.mode });
    return connectionView(row, this.places);
  }
}

/** @throws ConclaveError `auth.connection.exists`, or what it was given */
export function nameTaken(error: unknown): never {
  if (isUniqueViolation(error, 'connection_name'))
    throw new ConclaveError('auth.connection.exists', {}, { cause: error });
  throw error;
}
