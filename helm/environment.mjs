/**
 * What each service reads from its environment, as the chart sees it: from the services' own schemas, so that the chart
 * cannot fall behind them. Written to `conclave/files/environment.json`; a test compares.
 *
 *     node helm/environment.mjs        # after `tsc -b`
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { baseEnvironment } from '../libs/nest-kit/dist/index.js';

export const environmentFile = fileURLToPath(new URL('conclave/files/environment.json', import.meta.url));

const configs = {
  gateway: ['gateway/dist/config.js', 'edgeEnvironment'],
  delivery: ['gateway/dist/delivery/config.js', 'deliveryEnvironment'],
  auth: ['auth/dist/config.js', 'authEnvironment'],
  runtime: ['agent-runtime/dist/config.js', 'runtimeEnvironment'],
  consensus: ['consensus/dist/config.js', 'consensusEnvironment'],
  audit: ['audit/dist/config.js', 'auditEnvironment'],
  metrics: ['metrics/dist/config.js', 'metricsEnvironment'],
  marketplace: ['marketplace/dist/config.js', 'marketplaceEnvironment'],
};

/** What the chart sets by itself, from other values. */
const chartSets = new Set([
  ...['NODE_ENV', 'HTTP_HOST', 'HTTP_PORT', 'NATS_URL', 'LOG_LEVEL', 'SHUTDOWN_GRACE_MS', 'SERVICE_KEYS'],
  ...['OTEL_EXPORTER_OTLP_ENDPOINT', 'DATA_DIR', 'INTERNAL_URLS', 'PUBLIC_URL', 'CONSOLE_DIR'],
]);

const isSecret = (name, description) =>
  /^(DATABASE_URL|DATABASE_SYSTEM_URL|REDIS_URL)$|_(API_KEY|SEED|KEK|PEPPER)$/.test(name) ||
  description.includes('(secret)');

/** Secrets that the chart insists on although the service could do without: the bus asks for them in a cluster. */
const insisted = new Set(['NATS_NKEY_SEED']);

function describe(shape) {
  const keys = { secret: [], optionalSecret: [], required: [], plain: {} };
  for (const [name, schema] of Object.entries(shape)) {
    const description = schema.description ?? '';
    const required = !schema.safeParse(undefined).success;
    if (chartSets.has(name)) continue;
    if (isSecret(name, description)) keys[required || insisted.has(name) ? 'secret' : 'optionalSecret'].push(name);
    else {
      keys.plain[name] = description;
      if (required) keys.required.push(name);
    }
  }
  return keys;
}

/** The file's text. */
export async function renderEnvironment() {
  const services = {};
  for (const [service, [file, name]] of Object.entries(configs)) {
    const module = await import(new URL(`../services/${file}`, import.meta.url).href);
    if (!module[name]) throw new Error(`services/${file} exports no ${name}`);
    services[service] = describe({ ...baseEnvironment, ...module[name] });
  }
  return `${JSON.stringify(services, null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(environmentFile, await renderEnvironment());
