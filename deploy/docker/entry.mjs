/** Starts the process that SERVICE names: a service, or a job that ends by itself. Paths are those of the repository. */
const entries = {
  gateway: 'services/gateway/dist/main.js',
  delivery: 'services/gateway/dist/delivery-main.js',
  auth: 'services/auth/dist/main.js',
  runtime: 'services/agent-runtime/dist/main.js',
  consensus: 'services/consensus/dist/main.js',
  audit: 'services/audit/dist/main.js',
  metrics: 'services/metrics/dist/main.js',
  marketplace: 'services/marketplace/dist/main.js',
  migrate: 'deploy/docker/migrate.mjs',
  'create-tenant': 'services/auth/dist/jobs/create-tenant.js',
  secrets: 'deploy/secrets/secrets.mjs',
};

const service = process.env['SERVICE'] ?? '';
if (!Object.hasOwn(entries, service)) {
  console.error(`SERVICE must be one of ${Object.keys(entries).join(', ')}; it is "${service}"`);
  process.exit(64);
}
await import(new URL(`../../${entries[service]}`, import.meta.url).href);
