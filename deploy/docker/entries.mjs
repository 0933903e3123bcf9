/** What SERVICE may name, with the file that becomes its entry of the bundle: services, and jobs that end by themselves. */
export const entries = {
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
  'data-keys': 'services/auth/dist/jobs/data-keys.js',
  'recover-owner': 'services/auth/dist/jobs/recover-owner.js',
  'self-audit': 'services/audit/dist/jobs/self-audit.js',
  'rebuild-metrics': 'services/metrics/dist/jobs/rebuild.js',
  secrets: 'deploy/secrets/secrets.mjs',
  verify: 'deploy/docker/verify-edge.mjs',
};
