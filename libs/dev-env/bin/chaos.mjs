#!/usr/bin/env node
import { command, handOver, prepare } from './bootstrap.mjs';

await command(async () => {
  const { write } = process.stdout;
  process.stdout.write = process.stderr.write.bind(process.stderr); // stdout is for the report alone
  await prepare({ console: false });
  process.stdout.write = write;
  return handOver('libs/dev-env/dist/commands/chaos.js', process.argv.slice(2));
});
