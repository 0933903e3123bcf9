/**
 * Makes up every secret an installation needs and prints them as one Kubernetes List: a Secret per service with exactly
 * the variables it reads, the migration job's, the services' public keys, and the users of the NATS server. Run it
 * once and keep what it prints: with other keys, what was sealed or signed under these does not open or verify.
 *
 *     docker run --rm -e SERVICE=secrets IMAGE --postgres URL --redis URL | kubectl -n NAMESPACE create -f -
 *     docker run --rm -e SERVICE=secrets IMAGE --eval-stores              | kubectl -n NAMESPACE create -f -
 *
 * --postgres     the database, as a role that may create schemas and roles
 * --redis        the cache that edges share
 * --eval-stores  the stores of k8s/eval-stores.yaml instead, with passwords made here
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { createUser } from '@nats-io/nkeys';
import { serviceNames } from '../../libs/contracts/dist/index.js';
import { schemas } from '../../libs/postgres-kit/dist/index.js';
import { authorizationBlock } from '../nats/permissions.mjs';

const environment = JSON.parse(
  readFileSync(new URL('../../helm/conclave/files/environment.json', import.meta.url), 'utf8'),
);

const password = () => randomBytes(24).toString('base64url');
const key256 = () => randomBytes(32).toString('base64');
const signingKey = () =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
const publicKeyOf = (pkcs8) =>
  createPublicKey(createPrivateKey({ key: Buffer.from(pkcs8, 'base64'), format: 'der', type: 'pkcs8' }))
    .export({ format: 'der', type: 'spki' })
    .toString('base64');

const evalStores = () => {
  const [POSTGRES_PASSWORD, REDIS_PASSWORD] = [password(), password()];
  return {
    postgres: `postgres://postgres:${POSTGRES_PASSWORD}@conclave-eval-postgres:5432/conclave`,
    redis: `redis://:${REDIS_PASSWORD}@conclave-eval-redis:6379/0`,
    passwords: { POSTGRES_PASSWORD, REDIS_PASSWORD },
  };
};

/** @returns the manifests; `stores` are `{postgres, redis}` URLs, and `passwords` when the stores are to be told theirs */
export function manifests(stores) {
  const rolePasswords = Object.fromEntries(
    schemas.flatMap((s) => [`${s}_app`, `${s}_system`]).map((r) => [r, password()]),
  );
  const asRole = (role) =>
    Object.assign(new URL(stores.postgres), { username: role, password: rolePasswords[role] }).href;
  const users = Object.fromEntries(serviceNames.map((service) => [service, createUser()]));
  const makers = {
    NATS_NKEY_SEED: (service) => Buffer.from(users[service].getSeed()).toString(),
    SERVICE_KEY: signingKey,
    DATABASE_URL: (service) => asRole(`${service}_app`),
    DATABASE_SYSTEM_URL: (service) => asRole(`${service}_system`),
    REDIS_URL: () => stores.redis,
    API_KEY_PEPPER: key256,
    SIGNER_KEK: key256,
    DELIVERY_KEK: key256,
    CONSENSUS_SIGNING_KEY: signingKey,
    AUDIT_SIGNING_KEY: signingKey,
  };
  const secretsOf = (service) => {
    const { secret, optionalSecret } = environment[service];
    const names = [...secret, ...optionalSecret.filter((name) => name in makers)];
    return Object.fromEntries(names.map((name) => [name, makers[name](service)]));
  };
  const perService = Object.fromEntries(serviceNames.map((service) => [service, secretsOf(service)]));
  const publicKeys = Object.fromEntries(serviceNames.map((s) => [s, publicKeyOf(perService[s].SERVICE_KEY)]));
  const nkeys = Object.fromEntries(serviceNames.map((service) => [service, users[service].getPublicKey()]));
  return [
    ...serviceNames.map((service) => secret(`conclave-${service}`, perService[service])),
    secret('conclave-migrations', {
      ADMIN_DATABASE_URL: stores.postgres,
      ROLE_PASSWORDS: JSON.stringify(rolePasswords),
    }),
    configMap('conclave-service-keys', { SERVICE_KEYS: JSON.stringify(publicKeys) }),
    configMap('conclave-nats-users', { 'authorization.conf': authorizationBlock(nkeys) }),
    ...(stores.passwords ? [secret('conclave-eval-stores', stores.passwords)] : []),
  ];
}

const secret = (name, stringData) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  type: 'Opaque',
  stringData,
});
const configMap = (name, data) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });

/** Reads the command line and prints. Also what `SERVICE=secrets` of the image does. */
export function main(args) {
  const options = { postgres: { type: 'string' }, redis: { type: 'string' }, 'eval-stores': { type: 'boolean' } };
  const { values } = parseArgs({ args, options });
  const given = values.postgres && values.redis ? { postgres: values.postgres, redis: values.redis } : undefined;
  const stores = values['eval-stores'] ? evalStores() : given;
  if (!stores) throw new Error('give --postgres URL and --redis URL, or --eval-stores');
  const items = manifests(stores);
  process.stdout.write(`${JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, null, 2)}\n`);
}

const direct = process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href;
if (direct || process.env['SERVICE'] === 'secrets') {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 64;
  }
}
