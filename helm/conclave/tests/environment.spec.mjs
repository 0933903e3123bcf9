import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { contracts, natsPermissions, serviceNames } from '../../../libs/contracts/dist/index.js';
import { loadConfig } from '../../../libs/nest-kit/dist/index.js';
import { schemas } from '../../../libs/postgres-kit/dist/index.js';
import { authorizationBlock } from '../../../deploy/nats/permissions.mjs';
import { manifests as makeSecrets } from '../../../deploy/secrets/secrets.mjs';
import { environmentFile, renderEnvironment, shapes } from '../../environment.mjs';
import { environmentOf, installations, render } from './chart.mjs';

const stores = {
  postgres: 'postgres://admin:pw@db.example.com:5432/conclave',
  redis: 'redis://:pw@cache.example.com:6379/0',
};
const secrets = makeSecrets(stores);
const stored = Object.fromEntries(secrets.map(({ metadata, stringData, data }) => [metadata.name, stringData ?? data]));

const resolved = (container) => environmentOf(container, secrets);

const containersOf = (manifests, kind) =>
  Object.fromEntries(
    manifests
      .filter((it) => it.kind === kind)
      .map(({ spec }) => [spec.template.spec.containers[0].name, spec.template.spec.containers[0]]),
  );

describe('what services read', () => {
  it('is what the chart knows of', async () => {
    expect(readFileSync(environmentFile, 'utf8')).toBe(await renderEnvironment());
  });

  it.each(['default', 'eval', 'full'])('is satisfied by installation %s with the secrets made for it', async (name) => {
    const containers = containersOf(render(installations[name]), 'Deployment');
    for (const [service, shape] of Object.entries(await shapes())) {
      const config = loadConfig(service, shape, resolved(containers[service]));
      expect([service, config.HTTP_PORT, config.NODE_ENV]).toEqual([service, 8080, 'production']);
    }
  });

  it('has the bounds of sandboxes that the chart reckons with', async () => {
    const { runtime } = await shapes();
    const defaults = ['WORKER_SLOTS', 'SANDBOX_MEMORY_BYTES'].map((name) => runtime[name].parse(undefined));
    expect(defaults).toEqual([4, 4_294_967_296]);
  });

  it('names every service of the contracts', async () => {
    expect(Object.keys(await shapes()).sort()).toEqual([...serviceNames].sort());
  });
});

describe('the secrets made', () => {
  it('give each role of the database one password, to its service and to the migrations', () => {
    const passwords = JSON.parse(stored['conclave-migrations'].ROLE_PASSWORDS);
    expect(Object.keys(passwords)).toEqual(schemas.flatMap((schema) => [`${schema}_app`, `${schema}_system`]));
    for (const schema of schemas) {
      const { DATABASE_URL, DATABASE_SYSTEM_URL } = stored[`conclave-${schema}`];
      expect(DATABASE_URL).toBe(`postgres://${schema}_app:${passwords[`${schema}_app`]}@db.example.com:5432/conclave`);
      expect(DATABASE_SYSTEM_URL).toBe(
        `postgres://${schema}_system:${passwords[`${schema}_system`]}@db.example.com:5432/conclave`,
      );
    }
    expect(stored['conclave-gateway']).not.toHaveProperty('DATABASE_URL');
  });

  it('are never the same twice', () => {
    const values = (items) =>
      items.filter(({ kind }) => kind === 'Secret').flatMap(({ stringData }) => Object.values(stringData));
    const [first, second] = [values(secrets), values(makeSecrets(stores))];
    const given = new Set([stores.postgres, stores.redis]);
    expect(first.filter((value) => second.includes(value) && !given.has(value))).toEqual([]);
    const made = first.filter((value) => !given.has(value));
    expect(new Set(made).size).toBe(made.length);
  });

  it('are all that jobs need', () => {
    for (const name of ['default', 'full']) {
      const jobs = containersOf(render(installations[name]), 'Job');
      expect(resolved(jobs.migrate)).toMatchObject({ SERVICE: 'migrate', ADMIN_DATABASE_URL: stores.postgres });
    }
    const tenantJob = resolved(containersOf(render(installations.full), 'Job')['create-tenant']);
    expect(tenantJob).toMatchObject({ SERVICE: 'create-tenant', API_KEY_PEPPER: expect.any(String) });
  });
});

describe('the users of the bus', () => {
  const nkeys = Object.fromEntries(
    serviceNames.map((name, index) => [name, `U${String.fromCharCode(65 + index).repeat(55)}`]),
  );
  const lines = authorizationBlock(nkeys).split('\n');

  it.each(serviceNames)('let %s say and hear what the contracts give it, and no more', (service) => {
    const line = lines.find((text) => text.includes(nkeys[service]));
    const [publish, subscribe] = [...line.matchAll(/allow: (\[[^\]]*\])/g)].map(([, list]) => JSON.parse(list));
    expect({ publish, subscribe }).toEqual(natsPermissions(service));
    const forbidden = contracts
      .filter((it) => it.transport === 'rpc' && !it.callers.includes(service))
      .map(({ subject }) => subject);
    expect(publish.filter((subject) => forbidden.includes(subject) || subject === '>')).toEqual([]);
  });

  it('are refused when one is missing, unknown or no public key', () => {
    const { auth: _auth, ...rest } = nkeys;
    expect(() => authorizationBlock(rest)).toThrow('auth needs a public user nkey');
    expect(() => authorizationBlock({ ...nkeys, auth: `S${nkeys.auth}` })).toThrow('auth needs a public user nkey');
    expect(() => authorizationBlock({ ...nkeys, billing: nkeys.auth })).toThrow('not a service: billing');
  });
});
