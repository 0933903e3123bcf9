import { randomUUID } from 'node:crypto';
import { ConclaveError, type ReplyOf, type RequestOf, type connections } from '@conclave/contracts';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { connectionOf, tenantOfConnection } from '../connections/postgres-connections.js';
import { spMetadata } from '../saml/sp-metadata.js';
import { NO_TENANT } from '../tenants/no-tenant.js';
import { Providers } from './provider.js';
import { SignInRefusal } from './vouched.js';

type Contract = typeof connections.getSamlMetadata;

/** What a provider has to know of our side of a connection. It is meant to be published, disabled or not. */
@Injectable()
export class GetSamlMetadata {
  constructor(
    private readonly db: Database,
    private readonly providers: Providers,
  ) {}

  /** @throws ConclaveError `auth.connection.not-found` */
  async run({ connection: id }: RequestOf<Contract>): Promise<ReplyOf<Contract>> {
    const tenantId = (await tenantOfConnection(this.db, id)) ?? NO_TENANT;
    const row = await connectionOf(this.db.autocommit({ tenantId, actor: 'service:auth' }), tenantId, id);
    if (row?.kind !== 'saml') throw new ConclaveError('auth.connection.not-found', { id });
    const own = await this.providers.ownSide(row).catch((cause: unknown) => {
      // Its key was destroyed: there is nothing to sign with until it has another one.
      if (cause instanceof SignInRefusal) throw new ConclaveError('auth.connection.not-found', { id }, { cause });
      throw cause;
    });
    return { xml: spMetadata(own, `_${randomUUID()}`) };
  }
}
