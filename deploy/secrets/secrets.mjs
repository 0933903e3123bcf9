/**
 * Makes up every secret an installation needs and prints them as one Kubernetes List: a Secret per service with exactly
 * the variables it reads, the migration job's, the services' public keys, and the users of the NATS server. Keep
 * what it prints: with other keys, what was sealed or signed under these does not open or verify.
 *
 *     docker run --rm    -e SERVICE=secrets IMAGE --postgres URL --redis URL | kubectl -n NAMESPACE create -f -
 *     docker run --rm    -e SERVICE=secrets IMAGE --eval-stores              | kubectl -n NAMESPACE create -f -
 *     kubectl -n NAMESPACE get secrets -o json | docker run --rm -i -e SERVICE=secrets IMAGE --from-existing
 *
 * --postgres       the database, as a role that may create schemas and roles
 * --redis          the cache that edges share
 * --eval-stores    the stores of k8s/eval-stores.yaml instead, with passwords made here
 * --from-existing  for an upgrade or a change of keys: prints everything again around the Secrets on standard input,
 *                  whose values stay; makes the ones missing there, and public keys and bus users from all
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { createUser, fromSeed } from '@nats-io/nkeys';
import environment from '../../helm/conclave/files/environment.json' with { type: 'json' };
import { serviceNames } from '../../libs/contracts/dist/index.js';
import { schemas } from '../../libs/postgres-kit/dist/index.js';
import { authorizationBlock } from '../nats/permissions.mjs';

const password = () => randomBytes(24).toString('base64url');
const key256 = () => randomBytes(32).toString('base64');
const signingKey = () =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
const publicKeyOf = (pkcs8) =>
  createPublicKey(createPrivateKey({ key: Buffer.from(pkcs8, 'base64'), format: 'der', type: 'pkcs8' }))
    .export({ format: 'der', type: 'spki' })
    .toString('base64');
const publicNkeyOf = (seed) => fromSeed(Buffer.from(seed)).getPublicKey();

const evalStores = () => {
  const [POSTGRES_PASSWORD, REDIS_PASSWORD] = [password(), password()];
  return {
    postgres: `postgres://postgres:${POSTGRES_PASSWORD}@conclave-eval-postgres:5432/conclave`,
    redis: `redis://:${REDIS_PASSWORD}@conclave-eval-redis:6379/0`,
    passwords: { POSTGRES_PASSWORD, REDIS_PASSWORD },
  };
};

/**
 * @param stores `{postgres, redis}` URLs, and `passwords` when the stores are to be told theirs
 * @param held what Secrets hold already, by name: it stays, and only what is missing is made
 * @returns the manifests
 */
export function manifests(stores, held = {}) {
  const heldPasswords = JSON.parse(held['conclave-migrations']?.ROLE_PASSWORDS ?? '{}');
  const roles = schemas.flatMap((schema) => [`${schema}_app`, `${schema}_system`]);
  const rolePasswords = Object.fromEntries(roles.map((role) => [role, heldPasswords[role] ?? password()]));
  const asRole = (role) =>
    Object.assign(new URL(stores.postgres), { username: role, password: rolePasswords[role] }).href;
  const makers = {
    NATS_NKEY_SEED: () => Buffer.from(createUser().getSeed()).toString(),
    SERVICE_KEY: signingKey,
    DATABASE_URL: (service) => asRole(`${service}_app`),
    DATABASE_SYSTEM_URL: (service) => asRole(`${service}_system`),
    REDIS_URL: () => stores.redis,
    API_KEY_PEPPER: key256,
    SECRETS_KEK: key256,
    SIGNER_KEK: key256,
    DELIVERY_KEK: key256,
    CONSENSUS_SIGNING_KEY: signingKey,
    AUDIT_SIGNING_KEY: signingKey,
  };
  const secretsOf = (service) => {
    const { secret, optionalSecret } = environment[service];
    const kept = held[`conclave-${service}`] ?? {};
    const missing = [...secret, ...optionalSecret.filter((name) => name in makers)].filter((name) => !(name in kept));
    return { ...kept, ...Object.fromEntries(missing.map((name) => [name, makers[name](service)])) };
  };
  const perService = Object.fromEntries(serviceNames.map((service) => [service, secretsOf(service)]));
  const publicKeys = Object.fromEntries(serviceNames.map((s) => [s, publicKeyOf(perService[s].SERVICE_KEY)]));
  const nkeys = Object.fromEntries(serviceNames.map((s) => [s, publicNkeyOf(perService[s].NATS_NKEY_SEED)]));
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

/** What each Secret of a list holds, whether this job printed the list or `kubectl get -o json`. */
function heldIn(list) {
  const secrets = list.items.filter(({ kind }) => kind === 'Secret');
  const clear = (data = {}) =>
    Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
  return Object.fromEntries(
    secrets.map(({ metadata, data, stringData }) => [metadata.name, { ...clear(data), ...stringData }]),
  );
}

function storesIn(held) {
  const postgres = held['conclave-migrations']?.ADMIN_DATABASE_URL;
  if (!postgres) throw new Error('what was given has no Secret conclave-migrations with ADMIN_DATABASE_URL');
  return { postgres, redis: held['conclave-gateway']?.REDIS_URL, passwords: held['conclave-eval-stores'] };
}

/** The parser's own message would quote what it read. */
function parseList(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('what was given is no JSON, such as `kubectl get secrets -o json` prints');
  }
}

/** Reads the command line and prints. Also what `SERVICE=secrets` of the image does. */
export function main(args) {
  const options = {
    postgres: { type: 'string' },
    redis: { type: 'string' },
    'eval-stores': { type: 'boolean' },
    'from-existing': { type: 'boolean' },
  };
  const { values } = parseArgs({ args, options });
  const held = values['from-existing'] ? heldIn(parseList(readFileSync(0, 'utf8'))) : undefined;
  const given = values.postgres && values.redis ? { postgres: values.postgres, redis: values.redis } : undefined;
  const stores = held ? storesIn(held) : values['eval-stores'] ? evalStores() : given;
  if (!stores) throw new Error('give --postgres URL and --redis URL, or --eval-stores, or --from-existing');
  const items = manifests(stores, held);
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
