import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout this runs from. */
export const repositoryRoot = resolve(fileURLToPath(import.meta.url), '../../../..');

/** `.conclave` of the checkout: committed jury, and below it what `up` keeps to itself. */
export const stateDir = process.env['CONCLAVE_STATE_DIR'] ?? join(repositoryRoot, '.conclave');
