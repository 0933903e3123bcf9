import type { Connection, ConnectionRow } from './postgres-connections.js';
import type { PublicPlaces } from './public-places.js';

/** A connection without its secrets. @throws ConclaveError `auth.connection.invalid` when there is no public address */
export function connectionView(row: ConnectionRow, places: PublicPlaces): Connection {
  return {
    id: row.id,
    name: row.name,
    settings: row.settings as Connection['settings'],
    provisioning: row.provisioning,
    emailDomains: row.email_domains,
    urls: places.of(row.kind, row.id),
    createdAt: row.created_at.toISOString(),
    ...(row.disabled_at ? { disabledAt: row.disabled_at.toISOString() } : {}),
  };
}
