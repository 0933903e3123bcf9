#!/usr/bin/env node
import { command, handOver, prepare } from './bootstrap.mjs';

await command(async () => {
  await prepare({ projects: ['libs/dev-env'], console: false });
  return handOver('libs/dev-env/dist/commands/readme.js', []);
});
