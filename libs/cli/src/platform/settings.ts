import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createClient, type Client } from '@conclave/sdk';
import type { Call } from '../command.js';
import { usage } from '../fault.js';

export interface Settings {
  readonly url: string;
  readonly apiKey: string;
  /** Where they were found, for `doctor`. */
  readonly source: string;
}

interface DevFile {
  readonly path: string;
  readonly gateway: string;
  readonly apiKey: string;
}

/** The checkout this program runs from: `libs/cli/dist/platform` is four levels down, as is where the program lies in one file. */
export const CHECKOUT = resolve(import.meta.dirname, '../../../..');

/** A client of the platform that the command line, the environment or a running `npm run up` names. */
export function clientOf(call: Call): Client {
  const { url, apiKey } = settingsOf(call);
  return createClient({ baseUrl: url, apiKey });
}

/** @throws Fault `cli.usage` when no platform is named */
export function settingsOf(call: Call): Settings {
  const { env } = call;
  const url = call.text('url') ?? env['CONCLAVE_URL'];
  const apiKey = call.text('api-key') ?? env['CONCLAVE_API_KEY'];
  if (url !== undefined && !/^https?:\/\/[^/]/.test(url)) throw usage(`${url} is not an http(s) address`);
  if (url !== undefined && apiKey !== undefined) return { url, apiKey, source: 'command line or environment' };
  const dev = devFile(call);
  if (!dev || (url !== undefined && url.replace(/\/+$/, '') !== dev.gateway)) throw incomplete(url, apiKey);
  return { url: dev.gateway, apiKey: apiKey ?? dev.apiKey, source: dev.path };
}

function incomplete(url: string | undefined, apiKey: string | undefined) {
  const missing = [url === undefined ? 'CONCLAVE_URL' : '', apiKey === undefined ? 'CONCLAVE_API_KEY' : ''];
  return usage(
    `no platform is named: ${missing.filter(Boolean).join(' and ')} missing`,
    'Set them, or start a platform on this machine with `npm run up` in the Conclave checkout.',
  );
}

/** What `npm run up` wrote, of the folder the person stands in or above, else of the checkout this runs from. */
function devFile({ env, cwd }: Call): DevFile | undefined {
  const folders = [];
  for (let dir = cwd; ; dir = dirname(dir)) {
    folders.push(join(dir, '.conclave'));
    if (dir === dirname(dir)) break;
  }
  folders.push(env['CONCLAVE_STATE_DIR'] ?? join(CHECKOUT, '.conclave'));
  return folders.map((dir) => readDevFile(join(dir, 'dev.json'))).find((file) => file !== undefined);
}

/** Only an address on this machine is taken from a file: a cloned repository must not say where a key is sent. */
function readDevFile(path: string): DevFile | undefined {
  try {
    const { gateway, apiKey } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Record<string, unknown>>;
    if (typeof gateway !== 'string' || typeof apiKey !== 'string') return undefined;
    const { hostname } = new URL(gateway);
    const local = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
    return local ? { path, gateway: gateway.replace(/\/+$/, ''), apiKey } : undefined;
  } catch {
    return undefined;
  }
}
