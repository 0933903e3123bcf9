import { ConclaveError, type RequestOf, type marketplace } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { packageDetails, type PackageDetails } from './postgres-packages.js';

/** Reads a package with everything one should see before installing it. */
@Injectable()
export class GetPackage {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `marketplace.package.not-found` */
  async run(ctx: RequestContext, { name }: RequestOf<typeof marketplace.getPackage>): Promise<PackageDetails> {
    const details = await this.db.tx(ctx, (tx) => packageDetails(tx, name));
    if (!details) throw new ConclaveError('marketplace.package.not-found', { name });
    return details;
  }
}
