/**
 * What `helm test` runs: the edge is ready and serves the API's description, and a key nobody made is refused. The key is
 * spelled well, so it takes edge, bus, auth and its database to say so. Prints a line per check; exit code 1 when one fails.
 *
 * EDGE_URL   the edge, inside the cluster
 */
import { randomBytes } from 'node:crypto';
import { newId } from '../../libs/contracts/dist/index.js';
import { formatApiKey } from '../../services/auth/dist/api-keys/api-key-format.js';

const edge = process.env['EDGE_URL'];
const nobodys = formatApiKey('live', newId('apiKey'), randomBytes(32));
const checks = [
  ['the edge is ready', '/readyz', 200],
  ['the API describes itself', '/openapi.json', 200],
  ['auth refuses a key nobody made', '/v1/me', 401, { authorization: `Bearer ${nobodys}` }],
];

for (const [what, path, expected, headers] of checks) {
  const status = await fetch(new URL(path, edge), { headers, signal: AbortSignal.timeout(10_000) }).then(
    (response) => response.status,
    (error) => error.cause?.message ?? error.message,
  );
  const passed = status === expected;
  console.log(`${passed ? 'passed' : 'FAILED'}  ${what}: ${path} answered ${status}`);
  if (!passed) process.exitCode = 1;
}
