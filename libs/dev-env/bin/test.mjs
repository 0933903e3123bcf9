#!/usr/bin/env node
import { command, handOver, prepare, root } from './bootstrap.mjs';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The project a word for Jest lies in. */
const projectOf = (word) => /^(?:\.\/)?((?:libs|services)\/[^/]+)/.exec(word)?.[1];

/** `npm test -- libs/checks` builds that project only; all is built without a project, or for tests that start all. */
await command(async () => {
  const words = process.argv.slice(2);
  const named = [...new Set(words.map(projectOf).filter((p) => p && existsSync(join(root, p, 'tsconfig.json'))))];
  const everything = named.length === 0 || named.includes('libs/dev-env');
  await prepare({
    projects: everything ? [] : [...named, 'libs/dev-env'],
    console: everything || named.includes('services/console'),
  });
  return handOver('libs/dev-env/dist/commands/test.js', words);
});
