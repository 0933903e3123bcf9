/** Starts what SERVICE names. */
import { entries } from './entries.mjs';

const service = process.env['SERVICE'] ?? '';
if (!Object.hasOwn(entries, service)) {
  console.error(`SERVICE must be one of ${Object.keys(entries).join(', ')}; it is "${service}"`);
  process.exit(64);
}
await import(`./bundle/${service}.js`);
