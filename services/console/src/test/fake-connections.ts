/** Identity providers of the made-up tenant. */
import {
  ConclaveError,
  connections,
  mailDomains,
  newId,
  type Contract,
  type ReplyOf,
  type RequestOf,
} from '@conclave/contracts';
import { iso } from './sample-reviews.js';

type Connection = ReplyOf<typeof connections.getConnection>;
type Domain = ReplyOf<typeof mailDomains.claimMailDomain>;
type Create = RequestOf<typeof connections.createConnection>;
type Change = RequestOf<typeof connections.changeConnection>;

const BASE = 'https://conclave.example.com/auth/oidc';

export function connectionsOf(now: number): Connection[] {
  const id = newId('connection');
  return [
    {
      ...{ id, name: 'Acme Login', provisioning: { mode: 'invited-only' }, emailDomains: ['acme.example.com'] },
      settings: {
        ...{ kind: 'oidc', issuer: 'https://acme.okta.com', clientId: 'c', idTokenAlgorithm: 'RS256' },
        vendor: 'okta',
      },
      urls: { login: `${BASE}/${id}/login`, callback: `${BASE}/${id}/callback` },
      createdAt: iso(now),
    },
  ];
}

export function connectionHandlers(kept: Connection[]): [string, (request: never) => unknown][] {
  const found = (id: string): Connection => {
    const connection = kept.find((one) => one.id === id);
    if (!connection) throw new ConclaveError('auth.connection.not-found');
    return connection;
  };
  const handle = <R>(
    { subject }: Contract,
    handler: (request: R) => unknown,
  ): [string, (request: never) => unknown] => [subject, handler];
  const domains: Domain[] = [];
  const domainOf = (id: string): Domain => domains.find((one) => one.id === id)!;
  return [
    handle(mailDomains.listMailDomains, () => ({ items: domains })),
    handle(mailDomains.claimMailDomain, ({ domain }: { domain: string }) => {
      const record = { name: `_conclave-challenge.${domain}`, type: 'TXT' as const, value: 'conclave-domain=x' };
      domains.unshift({ id: newId('mailDomain'), domain, state: 'waiting', record, createdAt: iso(Date.now()) });
      return domains[0];
    }),
    handle(mailDomains.checkMailDomain, ({ id }: { id: string }) => Object.assign(domainOf(id), { state: 'proven' })),
    handle(
      mailDomains.releaseMailDomain,
      ({ id }: { id: string }) => domains.splice(domains.indexOf(domainOf(id)), 1)[0],
    ),
    handle(connections.listConnections, () => ({ items: kept })),
    handle(connections.testConnection, ({ settings }: Create) => {
      const ok = settings.kind !== 'oidc' || settings.issuer.startsWith('https:');
      return { ok, checks: [{ check: 'provider', ok, says: ok ? 'The issuer answers.' : 'https is required' }] };
    }),
    handle(connections.createConnection, ({ name, provisioning, emailDomains }: Create) => {
      const made = { ...kept[0]!, id: newId('connection'), name, provisioning, emailDomains };
      kept.unshift(made);
      return made;
    }),
    handle(connections.changeConnection, ({ id, enabled = true, settings, ...change }: Change) => {
      const connection = found(id);
      delete connection.disabledAt;
      const { clientSecret: _, ...kept } = { clientSecret: '', ...settings };
      const settled = settings?.kind === 'oidc' ? { settings: kept } : {};
      return Object.assign(connection, change, settled, enabled ? {} : { disabledAt: new Date().toISOString() });
    }),
    handle(connections.deleteConnection, ({ id }: { id: string }) => kept.splice(kept.indexOf(found(id)), 1)[0]),
  ];
}
