import type { ReplyOf, marketplace } from '@conclave/contracts';
import type { Statements, Tx } from '@conclave/postgres-kit';

export type Listing = ReplyOf<typeof marketplace.listPackages>['items'][number];
export type PackageDetails = ReplyOf<typeof marketplace.getPackage>;
type Kind = Listing['kind'];

/** One version of a package, for ever the same. */
export interface Release {
  readonly package: string;
  readonly kind: Kind;
  readonly version: string;
  readonly sha256: string;
  readonly manifest: Record<string, unknown>;
}

/** What is published of a package besides its release. */
export interface PackageText {
  readonly title: string;
  readonly description: string;
}

interface ListingRow {
  readonly name: string;
  readonly kind: Kind;
  readonly title: string;
  readonly description: string;
  readonly publisher: string;
  readonly built_in: boolean;
  readonly version: string;
  readonly sha256: string;
  readonly published_at: Date;
}

interface ReleaseRow extends Release {
  readonly published_at: Date;
}

const PLATFORM = 'platform';

const LATEST = `
  join lateral (
    select version, sha256, published_at from release
    where tenant_id = p.tenant_id and package = p.name order by precedence desc limit 1
  ) latest on true`;

/** Packages whose name, title or description contains the text, by name. */
export async function pageOfPackages(
  db: Statements,
  { search, limit, after }: { search?: string | undefined; limit: number; after?: string | undefined },
): Promise<{ items: Listing[]; next?: string }> {
  const rows = await db.query<ListingRow>(
    `select p.*, latest.* from package p ${LATEST}
     where ($1::text is null or position(lower($1) in lower(p.name || ' ' || p.title || ' ' || p.description)) > 0)
       and ($2::text is null or p.name > $2)
     order by p.name limit $3`,
    [search ?? null, after ?? null, limit + 1],
  );
  const items = rows.slice(0, limit).map(listingOf);
  const last = items.at(-1);
  return rows.length > limit && last ? { items, next: last.name } : { items };
}

/** A package with its releases, newest first, and the newest one's manifest. */
export async function packageDetails(tx: Tx, name: string): Promise<PackageDetails | undefined> {
  const row = await tx.one<ListingRow>(`select p.*, latest.* from package p ${LATEST} where p.name = $1`, [name]);
  if (!row) return undefined;
  const releases = await tx.query<ReleaseRow>(
    'select version, sha256, published_at, manifest from release where package = $1 order by precedence desc',
    [name],
  );
  return { ...listingOf(row), releases: releases.map(releaseView), manifest: releases[0]!.manifest };
}

/** The release of that version, or the newest. */
export function findRelease(tx: Tx, name: string, version: string | undefined): Promise<Release | undefined> {
  return tx.one<ReleaseRow>(
    `select r.package, p.kind, r.version, r.sha256, r.manifest, r.published_at
     from release r join package p on p.tenant_id = r.tenant_id and p.name = r.package
     where r.package = $1 and ($2::text is null or r.version = $2) order by r.precedence desc limit 1`,
    [name, version ?? null],
  );
}

export async function packageExists(tx: Tx, name: string): Promise<boolean> {
  return (await tx.one('select from package where name = $1', [name])) !== undefined;
}

/**
 * Publishes a release of the platform's own; one that is there already stays as it is. Runs as the system role.
 *
 * @returns the digest under which that version is published
 */
export async function publishBuiltIn(tx: Tx, text: PackageText, release: Release, at: Date): Promise<string> {
  const { package: name, kind, version, sha256, manifest } = release;
  await tx.query(
    `insert into package (tenant_id, name, kind, title, description, publisher, built_in)
     values ($1, $2, $3, $4, $5, split_part($2, '/', 1), true)
     on conflict (tenant_id, name) do update set title = excluded.title, description = excluded.description`,
    [PLATFORM, name, kind, text.title, text.description],
  );
  await tx.query(
    `insert into release (tenant_id, package, version, sha256, manifest, published_at)
     values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
    [PLATFORM, name, version, sha256, JSON.stringify(manifest), at],
  );
  const published = await tx.one<{ sha256: string }>(
    'select sha256 from release where tenant_id = $1 and package = $2 and version = $3',
    [PLATFORM, name, version],
  );
  return published!.sha256;
}

const listingOf = (row: ListingRow): Listing => ({
  name: row.name,
  kind: row.kind,
  title: row.title,
  description: row.description,
  publisher: row.publisher,
  builtIn: row.built_in,
  latest: releaseView(row),
});

const releaseView = ({ version, sha256, published_at }: Pick<ReleaseRow, 'version' | 'sha256' | 'published_at'>) => ({
  version,
  sha256,
  publishedAt: published_at.toISOString(),
});
