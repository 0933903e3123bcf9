#!/usr/bin/env node
/**
 * The entry of the command: plain JavaScript for whatever Node started it (20 or newer). The program itself runs on the
 * Node that the checkout brings along.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as module from 'node:module';
import { join, resolve, sep } from 'node:path';
import process from 'node:process';
import { oneFileOf } from './one-file.mjs';

const checkout = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../../..');
const own = join(checkout, 'node_modules/node/bin/node');
const program = join(checkout, 'libs/cli/dist/index.js');
const NEEDED = 24;
/** Something failed on this machine: nobody may take it for a verdict (0, 1, 2). */
const FAILED = 16;

process.on('uncaughtException', (error) => fail(error?.stack ?? String(error)));
if (Number(process.versions.node.split('.')[0]) < NEEDED && process.env.CONCLAVE_REEXECUTED !== '1') await reexecute();
else await run();

async function reexecute() {
  if (!existsSync(own)) fail(`Node ${NEEDED} or newer is needed, this is ${process.version}; run: npm install`);
  const child = spawn(own, [...process.execArgv, process.argv[1], ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, CONCLAVE_REEXECUTED: '1' },
  });
  // A terminal sends Ctrl-C to both processes; the program must hear it once.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`${own} cannot be started (${error.code})`));
  child.on('close', (code, signal) => process.exit(code ?? 128 + (signal === 'SIGINT' ? 2 : 15)));
}

async function run() {
  if (!existsSync(program)) fail('the program is not built; run: npm run up (or npm run build)');
  module.enableCompileCache?.(join(checkout, '.conclave/cache/compiled'));
  const oneFile = oneFileOf(checkout);
  const { main } = await import(existsSync(oneFile) ? oneFile : program);
  const interrupt = new AbortController();
  process.on('SIGINT', () => (interrupt.signal.aborted ? process.exit(130) : interrupt.abort()));
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error) => (error.code === 'EPIPE' ? process.exit(FAILED) : fail(error.message)));
  process.exitCode = await main({
    words: process.argv.slice(2),
    env: process.env,
    cwd: invokedIn(),
    stdout: process.stdout,
    stderr: process.stderr,
    signal: interrupt.signal,
  });
}

/** `npm exec` runs a command at the top of the package; people mean paths from where they stand. */
function invokedIn() {
  const cwd = process.cwd();
  const { npm_command: npmCommand, INIT_CWD: invoked } = process.env;
  const below = invoked !== undefined && (invoked === cwd || invoked.startsWith(cwd + sep));
  return npmCommand === 'exec' && below ? invoked : cwd;
}

function fail(message) {
  process.stderr.write(`conclave: ${message}\n`);
  process.exit(FAILED);
}
