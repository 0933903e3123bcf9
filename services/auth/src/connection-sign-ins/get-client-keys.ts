import { ConclaveError, type ReplyOf, type RequestOf, type connections } from '@conclave/contracts';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { connectionOf, tenantOfConnection } from '../connections/postgres-connections.js';
import { clientKeyOf } from '../oidc/client-authentication.js';
import { NO_TENANT } from '../tenants/no-tenant.js';
import { systemOf } from './open-connection.js';

type Contract = typeof connections.getClientKeys;

/** What a provider knows the words of our client by, both keys while there are two. They are meant to be published. */
@Injectable()
export class GetClientKeys {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `auth.connection.not-found` */
  async run({ connection: id }: RequestOf<Contract>): Promise<ReplyOf<Contract>> {
    const tenantId = (await tenantOfConnection(this.db, id)) ?? NO_TENANT;
    const row = await connectionOf(this.db.autocommit(systemOf(tenantId)), tenantId, id);
    if (row?.kind !== 'oidc' || row.certificate === null) throw new ConclaveError('auth.connection.not-found', { id });
    const certificates = [row.certificate, row.standby_certificate].flatMap((pem) => pem ?? []);
    return { keys: await Promise.all(certificates.map(clientKeyOf)) };
  }
}
