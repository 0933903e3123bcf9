#!/usr/bin/env node
/** Writes what is generated from the contracts; run it after a change to them (`node libs/contracts/bin/generate.mjs`). */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { failureModesPage } from '../dist/failure-modes.js';
import { natsPermissions, serviceNames } from '../dist/index.js';

const at = (path) => join(import.meta.dirname, path);
const permissions = Object.fromEntries(serviceNames.map((name) => [name, natsPermissions(name)]));

writeFileSync(at('../../../docs/failure-modes.md'), failureModesPage());
writeFileSync(
  at('../fixtures/nats-permissions.json'),
  await format(JSON.stringify(permissions), { parser: 'json', printWidth: 120 }),
);
