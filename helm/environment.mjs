/**
 * What each service reads from its environment, as the chart sees it: from the services' own schemas, so that the chart
 * cannot fall behind them. Written to `conclave/files/environment.json`; a test compares.
 *
 *     node helm/environment.mjs        # after `tsc -b`
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { baseEnvironment } from '../libs/nest-kit/dist/index.js';

export const environmentFile = fileURLToPath(new URL('conclave/files/environment.json', import.meta.url));

/** Where each service says what it reads besides the kit's environment: file and export. */
const configs = {
  gateway: ['services/gateway/dist/config.js', 'edgeEnvironment'],
  delivery: ['services/gateway/dist/delivery/config.js', 'deliveryEnvironment'],
  auth: ['services/auth/dist/config.js', 'authEnvironment'],
  runtime: ['services/agent-runtime/dist/config.js', 'runtimeEnvironment'],
  consensus: ['services/consensus/dist/config.js', 'consensusEnvironment'],
  audit: ['services/audit/dist/config.js', 'auditEnvironment'],
  metrics: ['libs/nest-kit/dist/index.js', 'databaseEnvironment'],
  marketplace: ['libs/nest-kit/dist/index.js', 'databaseEnvironment'],
};

/** What the chart sets by itself, from other values. */
const chartSets = new Set([
  ...['NODE_ENV', 'HTTP_HOST', 'HTTP_PORT', 'NATS_URL', 'LOG_LEVEL', 'SHUTDOWN_GRACE_MS', 'SERVICE_KEYS'],
  ...['OTEL_EXPORTER_OTLP_ENDPOINT', 'DATA_DIR', 'INTERNAL_URLS', 'PUBLIC_URL', 'CONSOLE_DIR', 'AUDIT_LOG_HOST'],
]);

const isSecret = (name, description) =>
  /^(DATABASE_URL|DATABASE_SYSTEM_URL|REDIS_URL)$|_(API_KEY|SEED|KEK|PEPPER)$/.test(name) ||
  description.includes('(secret)');

/** Secrets that the chart insists on although the service could do without: the bus asks for them in a cluster. */
const insisted = new Set(['NATS_NKEY_SEED']);

const accepts = (schema, value) => schema.safeParse(value).success;
const isNumber = (schema) => ['1', '1000', '1000000'].some((text) => accepts(schema, text)) && !accepts(schema, 'many');

function describe(shape) {
  const keys = { secret: [], optionalSecret: [], plain: {}, numbers: [] };
  for (const [name, schema] of Object.entries(shape)) {
    const description = schema.description ?? '';
    const required = !schema.safeParse(undefined).success;
    if (chartSets.has(name)) continue;
    if (isSecret(name, description)) keys[required || insisted.has(name) ? 'secret' : 'optionalSecret'].push(name);
    else keys.plain[name] = description;
    if (name in keys.plain && isNumber(schema)) keys.numbers.push(name);
  }
  return keys;
}

/** The schema of each service's whole environment, by service. */
export async function shapes() {
  const loaded = Object.entries(configs).map(async ([service, [file, name]]) => {
    const module = await import(new URL(`../${file}`, import.meta.url).href);
    if (!module[name]) throw new Error(`${file} exports no ${name}`);
    return [service, { ...baseEnvironment, ...module[name] }];
  });
  return Object.fromEntries(await Promise.all(loaded));
}

/** The file's text. */
export async function renderEnvironment() {
  const described = Object.entries(await shapes()).map(([service, shape]) => [service, describe(shape)]);
  return format(JSON.stringify(Object.fromEntries(described)), {
    ...(await resolveConfig(environmentFile)),
    parser: 'json',
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(environmentFile, await renderEnvironment());
