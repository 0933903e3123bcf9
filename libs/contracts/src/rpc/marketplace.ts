import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { name, pageOf, pageQuery, sha256Hex, timestamp } from '../page.js';

const packageName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}(\/[a-z0-9][a-z0-9-]{0,62})?$/, { error: 'expected publisher/name' });
const version = z.string().regex(/^\d+\.\d+\.\d+$/, { error: 'expected a semantic version' });

const release = z.object({ version, sha256: sha256Hex, publishedAt: timestamp });
const listing = z.object({
  name: packageName,
  kind: z.enum(['panel']),
  title: name,
  description: z.string(),
  publisher: z.string(),
  builtIn: z.boolean(),
  latest: release,
});

export const listPackages = contract({
  owner: 'marketplace',
  subject: 'marketplace.v1.package.list',
  permission: 'package:read',
  request: z.strictObject({ ...pageQuery, search: z.string().max(100).optional() }),
  reply: pageOf(listing),
  http: { method: 'GET', path: '/v1/packages', summary: 'Search packages', tag: 'marketplace', stability: 'beta' },
});

export const getPackage = contract({
  owner: 'marketplace',
  subject: 'marketplace.v1.package.get',
  permission: 'package:read',
  request: z.strictObject({ name: packageName }),
  reply: listing.extend({ releases: z.array(release), manifest: z.record(z.string(), z.unknown()) }),
  errors: ['marketplace.package.not-found'],
  http: {
    method: 'GET',
    path: '/v1/packages/{name}',
    summary: 'Read a package with its releases and manifest',
    tag: 'marketplace',
    stability: 'beta',
  },
});

export const installation = z.object({
  id: idOf('installation'),
  package: packageName,
  kind: z.enum(['panel']),
  version,
  sha256: sha256Hex,
  installedAt: timestamp,
});

export const installPackage = contract({
  owner: 'marketplace',
  subject: 'marketplace.v1.package.install',
  permission: 'package:install',
  attributes: ['package', 'version'],
  request: z.strictObject({ package: packageName, version: version.optional() }),
  reply: installation,
  errors: ['marketplace.package.not-found', 'marketplace.release.not-found'],
  http: {
    method: 'POST',
    path: '/v1/installations',
    status: 201,
    summary: 'Install a package, pinned to its digest',
    tag: 'marketplace',
    stability: 'beta',
  },
});

export const listInstallations = contract({
  owner: 'marketplace',
  subject: 'marketplace.v1.installation.list',
  permission: 'package:read',
  request: z.strictObject(pageQuery),
  reply: pageOf(installation),
  http: {
    method: 'GET',
    path: '/v1/installations',
    summary: 'List installed packages',
    tag: 'marketplace',
    stability: 'beta',
  },
});

export const uninstallPackage = contract({
  owner: 'marketplace',
  subject: 'marketplace.v1.package.uninstall',
  permission: 'package:install',
  request: z.strictObject({ id: idOf('installation') }),
  reply: installation,
  errors: ['marketplace.installation.not-found'],
  http: {
    method: 'DELETE',
    path: '/v1/installations/{id}',
    summary: 'Uninstall a package',
    tag: 'marketplace',
    stability: 'beta',
  },
});
