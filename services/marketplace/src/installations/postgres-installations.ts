import { newId, type ReplyOf, type marketplace } from '@conclave/contracts';
import { pageOf, type Tx } from '@conclave/postgres-kit';
import { LessThan } from 'typeorm';
import type { Release } from '../packages/postgres-packages.js';
import { InstallationEntity } from './installation.entity.js';

export type Installation = ReplyOf<typeof marketplace.installPackage>;

/**
 * Installs the release, or moves the tenant's installation of the package to it. Race-free: of two at once, one changes
 * something.
 *
 * @returns the installation, and whether this changed it
 */
export async function putInstallation(
  tx: Tx,
  tenantId: string,
  release: Release,
  at: Date,
): Promise<{ installation: Installation; changed: boolean }> {
  const { package: name, kind, version, sha256 } = release;
  const changed = await tx.one(
    `insert into installation as i (tenant_id, id, package, kind, version, sha256, installed_at)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (tenant_id, package) do update
       set version = excluded.version, sha256 = excluded.sha256, installed_at = excluded.installed_at
       where i.sha256 <> excluded.sha256 or i.version <> excluded.version
     returning id`,
    [tenantId, newId('installation'), name, kind, version, sha256, at],
  );
  const row = await tx.entities.findOneByOrFail(InstallationEntity, { tenantId, package: name });
  return { installation: viewOf(row), changed: changed !== undefined };
}

/** The tenant's installations, newest first. */
export async function pageOfInstallations(
  tx: Tx,
  tenantId: string,
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<{ items: Installation[]; next?: string }> {
  const rows = await tx.entities.find(InstallationEntity, {
    where: { tenantId, ...(after === undefined ? {} : { id: LessThan(after) }) },
    order: { id: 'DESC' },
    take: limit + 1,
  });
  return pageOf(rows.map(viewOf), limit);
}

/** @returns what was removed, undefined when another transaction or nobody had it */
export async function removeInstallation(tx: Tx, tenantId: string, id: string): Promise<Installation | undefined> {
  const row = await tx.entities.findOneBy(InstallationEntity, { tenantId, id });
  if (!row) return undefined;
  const { affected } = await tx.entities.delete(InstallationEntity, { tenantId, id });
  return affected === 1 ? viewOf(row) : undefined;
}

/** Tenants whose installation of the package is older than the release and differs from it. Runs as the system role. */
export async function tenantsBehind(tx: Tx, name: string, sha256: string): Promise<string[]> {
  const rows = await tx.query<{ tenant_id: string }>(
    `select i.tenant_id from installation i
     join release r on r.package = i.package and r.sha256 = $2
     where i.package = $1 and i.sha256 <> $2 and i.installed_at < r.published_at`,
    [name, sha256],
  );
  return rows.map((row) => row.tenant_id);
}

const viewOf = ({ id, package: name, kind, version, sha256, installedAt }: InstallationEntity): Installation => ({
  id,
  package: name,
  kind,
  version,
  sha256,
  installedAt: installedAt.toISOString(),
});
