import { ConclaveError, events, marketplace, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Actor, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { findRelease, packageExists } from '../packages/postgres-packages.js';
import { putInstallation, type Installation } from './postgres-installations.js';

type Wanted = RequestOf<typeof marketplace.installPackage>;

/** Installs a release, pinned to its digest, or moves the installation to it. Installing the same again changes nothing. */
@Injectable()
export class InstallPackage {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `marketplace.package.not-found` | `marketplace.release.not-found` */
  run(ctx: RequestContext, request: Wanted): Promise<Installation> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, marketplace.installPackage, request, () => this.install(tx, ctx, request)),
    );
  }

  /** The same inside a transaction under way. */
  async install(
    tx: Tx,
    { tenantId }: Pick<Actor, 'tenantId'>,
    { package: name, version }: Wanted,
  ): Promise<Installation> {
    const release = await findRelease(tx, name, version);
    if (!release) {
      const known = await packageExists(tx, name);
      throw new ConclaveError(known ? 'marketplace.release.not-found' : 'marketplace.package.not-found', {
        package: name,
        version,
      });
    }
    const { installation, changed } = await putInstallation(tx, tenantId, release, new Date());
    const { kind, sha256, manifest } = release;
    if (changed)
      await tx.emit(events.packageInstalled, {
        installation: installation.id,
        package: name,
        kind,
        version: release.version,
        sha256,
        manifest,
      });
    return installation;
  }
}
