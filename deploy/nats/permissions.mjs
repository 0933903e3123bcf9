/**
 * Prints the `authorization` block of a nats-server for Conclave: one nkey user per service with exactly the subjects
 * that the contracts give it.
 *
 *     node deploy/nats/permissions.mjs '{"gateway":"U…","auth":"U…", …}' > authorization.conf
 */
import { fileURLToPath } from 'node:url';
import { natsPermissions, serviceNames } from '../../libs/contracts/dist/index.js';

/** @param {Record<string, string>} nkeys public user nkeys (`U…`) by service; every service needs one */
export function authorizationBlock(nkeys) {
  const users = serviceNames.map((service) => {
    const nkey = nkeys[service];
    if (!/^U[A-Z2-7]{55}$/.test(nkey ?? ''))
      throw new Error(`${service} needs a public user nkey (U and 55 characters)`);
    const { publish, subscribe } = natsPermissions(service);
    const list = (subjects) => `{ allow: ${JSON.stringify(subjects)} }`;
    return `    # ${service}\n    { nkey: ${nkey}, permissions: { publish: ${list(publish)}, subscribe: ${list(subscribe)} } }\n`;
  });
  const unknown = Object.keys(nkeys).filter((name) => !serviceNames.includes(name));
  if (unknown.length > 0) throw new Error(`not a service: ${unknown.join(', ')}`);
  return `authorization {\n  users: [\n${users.join('')}  ]\n}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.stdout.write(authorizationBlock(JSON.parse(process.argv[2] ?? '{}')));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 64;
  }
}
