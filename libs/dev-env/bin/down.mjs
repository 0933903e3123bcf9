#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal, command, handOver, root } from './bootstrap.mjs';

const entry = 'libs/dev-env/dist/commands/down.js';

await command(() => {
  if (!existsSync(join(root, entry))) throw new Refusal('Nothing was ever built here, so nothing can be running.');
  return handOver(entry, process.argv.slice(2));
});
