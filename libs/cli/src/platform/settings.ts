import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createClient, type Client } from '@conclave/sdk';
import type { Call } from '../command.js';
import { didYouMean } from '../did-you-mean.js';
import { usage } from '../fault.js';
import { accessToken, type Where } from './access-token.js';
import { loginsOf, type Logins } from './logins.js';

export interface Settings {
  readonly url: string;
  /** An API key, or what gives the access token of a login. */
  readonly apiKey: string | ((refused?: string) => Promise<string>);
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

/** A client of the platform that the command line, the environment, a login or a running `npm run up` names. */
export function clientOf(call: Call): Client {
  const { url, apiKey } = settingsOf(call);
  return createClient({ baseUrl: url, apiKey });
}

/**
 * What is said on the command line counts before what the environment says, and that before the login in use.
 *
 * @throws Fault `cli.usage` when no platform is named
 */
export function settingsOf(call: Call): Settings {
  const url = namedUrl(call);
  const apiKey = call.text('api-key') ?? call.env['CONCLAVE_API_KEY'];
  const profile = profileOf(call);
  if (profile !== undefined && call.text('api-key') === undefined) return settingsOfProfile(call, profile);
  if (url !== undefined && apiKey !== undefined) return { url, apiKey, source: 'command line or environment' };
  const logins = loginsOf(call);
  const name = url ?? (apiKey === undefined ? logins.current() : undefined);
  if (name !== undefined && apiKey === undefined && logins.at(name)) return settingsAt(call, logins, name);
  const dev = devFile(call);
  if (!dev || (url !== undefined && url !== dev.gateway)) throw incomplete(url, apiKey);
  return { url: dev.gateway, apiKey: apiKey ?? dev.apiKey, source: dev.path };
}

/** The profile that is named, if it counts: one in the environment does not where the command line names a platform. */
export function profileOf({ text, env }: Pick<Call, 'text' | 'env'>): string | undefined {
  const named = text('profile') ?? (text('url') === undefined ? env['CONCLAVE_PROFILE'] || undefined : undefined);
  if (named !== undefined && !/^[\w][\w.-]{0,63}$/.test(named))
    throw usage(`${JSON.stringify(named)} cannot be the name of a profile`, 'Use letters, digits, dots and dashes.');
  return named;
}

function settingsOfProfile(call: Call, profile: string): Settings {
  const logins = loginsOf(call);
  if (!logins.at(profile)) throw noProfile(logins, profile);
  const settings = settingsAt(call, logins, profile);
  if (call.text('url') !== undefined && namedUrl(call) !== settings.url)
    throw usage(`the profile ${profile} is about ${settings.url}`, 'Leave --url or --profile out.');
  return settings;
}

/** @returns the fault of a profile that is not there */
export function noProfile(logins: Logins, profile: string) {
  const names = logins.all().map(([name]) => name);
  const near = didYouMean(profile, names);
  return usage(
    `there is no profile ${JSON.stringify(profile)}`,
    near === undefined ? `Make it: conclave login --profile ${profile} --url URL` : `Did you mean ${near}?`,
  );
}

function settingsAt(call: Call, logins: Logins, name: string): Settings {
  const url = logins.at(name)?.url ?? name;
  const source = name === url ? logins.path : `${name} in ${logins.path}`;
  return { url, apiKey: (refused) => accessToken(call, logins, { name, url }, refused), source };
}

/** The platform that `login` and `logout` are about, and the name its login has. @throws Fault `cli.usage` when none is named */
export function platformOf(call: Call): Where {
  const logins = loginsOf(call);
  const profile = profileOf(call);
  const current = logins.current();
  const known = profile ?? (namedUrl(call) === undefined ? current : undefined);
  const url =
    namedUrl(call) ??
    (known && (logins.at(known)?.url ?? (known === profile ? undefined : known))) ??
    devFile(call)?.gateway;
  if (url === undefined)
    throw usage('no platform is named', 'Name it: conclave login --url https://conclave.example.com');
  return { name: known ?? url, url };
}

/** @throws Fault `cli.usage` */
function namedUrl(call: Call): string | undefined {
  const url = call.text('url') ?? call.env['CONCLAVE_URL'];
  if (url !== undefined && !/^https?:\/\/[^/]/.test(url)) throw usage(`${url} is not an http(s) address`);
  return url?.replace(/\/+$/, '');
}

function incomplete(url: string | undefined, apiKey: string | undefined) {
  if (url !== undefined)
    return usage(`you are not logged in at ${url}`, `Run: conclave login --url ${url}, or set CONCLAVE_API_KEY.`);
  const missing = ['CONCLAVE_URL', ...(apiKey === undefined ? ['CONCLAVE_API_KEY'] : [])];
  return usage(
    `no platform is named: ${missing.join(' and ')} missing`,
    'Run conclave login --url URL, set them, or start a platform on this machine with `npm run up` in the Conclave checkout.',
  );
}

/**
 * What `npm run up` wrote: where the environment says that it is, in the folder the person stands in or above, else in
 * the checkout this runs from.
 */
function devFile({ env, cwd }: Call): DevFile | undefined {
  const told = env['CONCLAVE_STATE_DIR'];
  const folders = told === undefined ? [] : [told];
  for (let dir = cwd; ; dir = dirname(dir)) {
    folders.push(join(dir, '.conclave'));
    if (dir === dirname(dir)) break;
  }
  if (told === undefined) folders.push(join(CHECKOUT, '.conclave'));
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
