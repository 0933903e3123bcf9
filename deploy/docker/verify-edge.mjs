/**
 * What `helm test` runs: the edge is ready and serves the API's description, and a key nobody made is refused, which
 * takes edge, bus, auth and its database. Prints a line per check; exit code 1 when one fails.
 */
const edge = process.env['EDGE_URL'];
const checks = [
  ['the edge is ready', '/readyz', 200],
  ['the API describes itself', '/openapi.json', 200],
  ['auth refuses a key nobody made', '/v1/me', 401, { authorization: 'Bearer ccl_live_nobody' }],
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
