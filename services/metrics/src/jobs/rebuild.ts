/**
 * `node services/metrics/dist/jobs/rebuild.js`: empties the projections and starts the cursors over. The running service
 * reads every producer's log again from its first event within seconds; nothing has to be stopped.
 */
import { pgConnections, Database } from '@conclave/postgres-kit';
import { rebuildEnvironment } from '../config.js';
import { forgetFacts } from './postgres-forget-facts.js';

const url = rebuildEnvironment().DATABASE_SYSTEM_URL;
const source = pgConnections(
  { url, schema: 'metrics', size: 1, applicationName: 'conclave-metrics-rebuild' },
  () => undefined,
);
await forgetFacts(new Database(source, source));
await source.close();
process.stdout.write('projections emptied; the service is reading the logs again\n');
