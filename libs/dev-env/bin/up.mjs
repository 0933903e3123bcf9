#!/usr/bin/env node
import { command, handOver, prepare } from './bootstrap.mjs';

await command(async () => {
  await prepare();
  return handOver('libs/dev-env/dist/commands/up.js', process.argv.slice(2));
});
