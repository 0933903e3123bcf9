import { setTimeout as sleep } from 'node:timers/promises';
import { auth, ConclaveError, oauth, permissions, type Permission } from '@conclave/contracts';
import { createClient } from '@conclave/sdk';
import { platformOptions, type Call, type Command } from '../command.js';
import { EXIT, plainCodes } from '../exit-codes.js';
import { Fault, usage } from '../fault.js';
import { loginsOf, type Login, type Tokens } from '../platform/logins.js';
import { ask, refused, tokensIn } from '../platform/oauth.js';
import { platformOf } from '../platform/settings.js';
import { printable } from '../printable.js';
import { secretTyped } from '../stdin.js';

/** What the daily commands need, all together. */
const WANTED: readonly Permission[] = [
  ...(['self:read', 'run:create', 'run:read', 'run:cancel', 'run:control', 'run:answer'] as const),
  ...(['decision:open', 'decision:read', 'ballot:cast', 'budget:read', 'budget:manage'] as const),
  ...(['audit:read', 'secret:manage', 'member:read', 'package:read', 'policy:read', 'analytics:read'] as const),
];
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
/** RFC 8628 § 3.5: how much longer to wait when asked to slow down. */
const SLOWER_S = 5;

/** What the platform shows a code for. */
interface Device {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly address: string;
  readonly fullAddress: string;
  readonly expiresInS: number;
  readonly intervalS: number;
}

export const login: Command = {
  name: 'login',
  summary: 'log in at a platform, with a browser on any device',
  description: [
    'Shows a code and an address; open the address in a browser where you are signed in, on this device or another, and',
    'allow what is asked for. The login is kept in ~/.config/conclave/credentials.json, readable by you alone, renewed',
    'as it is used, and ended by `conclave logout`, on the page “You” of the console, or with the sign-in it was',
    'allowed under. With --profile it has a name, for several platforms or accounts: see `conclave help settings`.',
  ].join('\n'),
  options: {
    url: platformOptions.url,
    profile: { value: 'NAME', help: 'keep the login under this name (CONCLAVE_PROFILE)' },
    workspace: { value: 'NAME', help: 'work in this workspace (default: where you are signed in)' },
    prove: { help: 'prove in the browser who you are, for what is privileged and takes a proof of late' },
    scope: { value: 'PERMISSIONS', values: permissions, help: 'ask for these permissions only, separated by spaces' },
    admin: { help: 'ask for all that a login can be allowed, for what administrators do' },
    'with-api-key': { help: 'keep the API key that stdin holds, instead of a login' },
  },
  codes: [...plainCodes, [EXIT.interrupted, 'interrupted; nothing was kept']],

  async run(call) {
    const { out, signal } = call;
    const { name, url: asked } = platformOf(call);
    const url = safe(asked);
    const kept = await (call.flag('with-api-key') ? givenKey(call) : byDevice(call, url));
    const apiKey = 'apiKey' in kept ? kept.apiKey : kept.accessToken;
    const me = await createClient({ baseUrl: url, apiKey }).call(auth.getMe, {});
    const logins = loginsOf(call);
    await logins.locked(signal, async () => logins.keep(name, name === url ? kept : { ...kept, url }, true));
    out.print(
      `Logged in at ${url} as ${printable(me.principal.name)} of ${printable(me.tenant.name)}, workspace ${printable(me.workspace.name)}.`,
    );
    if (name !== url) out.print(`The profile ${name} is in use from now on: conclave profiles`);
    out.record({ url, ...(name === url ? {} : { profile: name }), me });
    return 0;
  },
};

/** Tokens do not travel in the clear. */
function safe(url: string): string {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname)) return url;
  throw usage(`${url} is not safe to log in at`, 'Use its https address.');
}

const givenKey = async (call: Call): Promise<Login> => ({ apiKey: await secretTyped(call, 'key') });

async function byDevice(call: Call, url: string): Promise<Tokens> {
  const { out } = call;
  const device = await begin(call, url);
  const { userCode, address: verificationUri, fullAddress: verificationUriComplete, expiresInS } = device;
  out.complain(
    ...['To log in, open', `  ${printable(verificationUri)}`, 'and type the code', `  ${printable(userCode)}`],
    `or open ${printable(verificationUriComplete)} and compare the code.`,
    `The code is good for ${Math.ceil(expiresInS / 60)} minutes; this command waits for you. Ctrl-C gives up.`,
  );
  out.record({ userCode, verificationUri, verificationUriComplete, expiresInS });
  return wait(call, url, device);
}

async function begin(call: Call, url: string): Promise<Device> {
  const wanted = call.flag('admin') ? oauth.grantableScopes : WANTED;
  const scopes =
    call
      .text('scope')
      ?.split(/[\s,]+/)
      .filter(Boolean) ?? wanted;
  const unknown = scopes.find((scope) => !permissions.some((permission) => permission === scope));
  if (unknown !== undefined || scopes.length === 0)
    throw usage(`there is no permission ${JSON.stringify(unknown ?? '')}`, `There are: ${permissions.join(' ')}`);
  const workspace = call.text('workspace');
  const form = {
    scope: scopes.join(' '),
    ...(workspace === undefined ? {} : { workspace }),
    ...(call.flag('prove') ? { max_age: '0' } : {}),
  };
  const answer = await ask(url, 'device_authorization', form, call.signal);
  const { body } = answer;
  const texts = ['device_code', 'user_code', 'verification_uri'].map((name) => body[name]);
  if (answer.status !== 200 || !texts.every((text) => typeof text === 'string')) throw refused(url, answer);
  const [deviceCode, userCode, address] = texts as [string, string, string];
  return {
    ...{ deviceCode, userCode, address },
    fullAddress: typeof body['verification_uri_complete'] === 'string' ? body['verification_uri_complete'] : address,
    expiresInS: Number(body['expires_in'] ?? 600),
    intervalS: Number(body['interval'] ?? 5),
  };
}

/** Asks until the person has answered, no more often than the platform likes. */
async function wait({ out, signal }: Call, url: string, device: Device): Promise<Tokens> {
  const giveUpAt = Date.now() + device.expiresInS * 1_000;
  for (let intervalS = device.intervalS; ;) {
    const leftS = Math.max(0, Math.round((giveUpAt - Date.now()) / 1_000));
    out.transient(`waiting for your answer, ${Math.floor(leftS / 60)}:${String(leftS % 60).padStart(2, '0')} left …`);
    await sleep(intervalS * 1_000, undefined, { signal });
    const form = { grant_type: DEVICE_GRANT, device_code: device.deviceCode };
    const answer = await ask(url, 'token', form, signal).catch(passing);
    const error = answer?.body['error'];
    if (answer?.status === 200) {
      out.transient('');
      return tokensIn(url, answer);
    }
    if (error === 'access_denied')
      throw new Fault(EXIT.refused, 'cli.denied', 'the person at the browser said no', 'Run conclave login again.');
    if (error === 'expired_token' || Date.now() > giveUpAt)
      throw new Fault(EXIT.refused, 'cli.expired', 'nobody answered in time', 'Run conclave login again.');
    if (error === 'slow_down' || !answer || answer.status >= 429) intervalS += SLOWER_S;
    else if (error !== 'authorization_pending') throw refused(url, answer);
  }
}

/** A network that is away may come back before the code runs out. */
function passing(error: unknown): undefined {
  if (!(error instanceof ConclaveError)) throw error;
}
