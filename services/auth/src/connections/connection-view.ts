import { X509Certificate } from 'node:crypto';
import type { Connection, ConnectionRow } from './postgres-connections.js';
import type { PublicPlaces } from './public-places.js';

const fingerprintOf = (pem: string): string =>
  new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();

/** The certificates by their SHA-256, as providers show them. */
export const certificatesOf = (active: string, standby: string | null): { active: string; standby?: string } => ({
  active: fingerprintOf(active),
  ...(standby === null ? {} : { standby: fingerprintOf(standby) }),
});

/** A connection without its secrets. @throws ConclaveError `auth.connection.invalid` when there is no public address */
export function connectionView(row: ConnectionRow, places: PublicPlaces): Connection {
  return {
    id: row.id,
    name: row.name,
    settings: row.settings as Connection['settings'],
    provisioning: row.provisioning,
    emailDomains: row.email_domains,
    urls: {
      ...places.of(row.kind, row.id),
      ...(row.kind === 'oidc' && row.certificate !== null ? { keys: places.keysOf(row.id) } : {}),
    },
    ...(row.certificate === null ? {} : { certificates: certificatesOf(row.certificate, row.standby_certificate) }),
    createdAt: row.created_at.toISOString(),
    ...(row.disabled_at ? { disabledAt: row.disabled_at.toISOString() } : {}),
  };
}
