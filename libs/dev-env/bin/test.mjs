#!/usr/bin/env node
import { command, handOver, prepare, root } from './bootstrap.mjs';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** `npm test -- libs/checks` builds that project only; without a project among its words it builds all. */
const projectOf = (word) => /^(?:\.\/)?((?:libs|services)\/[^/]+)/.exec(word)?.[1];

await command(async () => {
  const words = process.argv.slice(2);
  const named = [...new Set(words.map(projectOf).filter((p) => p && existsSync(join(root, p, 'tsconfig.json'))))];
  const projects = named.length ? [...new Set([...named, 'libs/dev-env'])] : [];
  await prepare({ projects, console: projects.length === 0 });
  return handOver('libs/dev-env/dist/commands/test.js', words);
});
