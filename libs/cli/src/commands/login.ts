import { setTimeout as sleep } from 'node:timers/promises';
import { auth, ConclaveError, permissions, type Permission } from '@conclave/contracts';
import { createClient } from '@conclave/sdk';
import type { Call, Command } from '../command.js';
import { EXIT, plainCodes } from '../exit-codes.js';
import { Fault, usage } from '../fault.js';
import { loginsOf, type Login } from '../platform/logins.js';
import { ask, loginIn, refused } from '../platform/oauth.js';
import { platformOf } from '../platform/settings.js';
import { printable } from '../printable.js';

/** What the commands need, all together. */
const WANTED: readonly Permission[] = [
  ...(['self:read', 'run:create', 'run:read', 'run:cancel', 'run:control', 'run:answer'] as const),
  ...(['decision:open', 'decision:read', 'ballot:cast', 'budget:read', 'budget:manage'] as const),
  ...(['audit:read', 'secret:manage'] as const),
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
    'allowed under.',
  ].join('\n'),
  options: {
    url: { value: 'URL', help: 'address of the platform (CONCLAVE_URL)' },
    workspace: { value: 'NAME', help: 'work in this workspace (default: where you are signed in)' },
    prove: { help: 'prove in the browser who you are, for what is privileged and takes a proof of late' },
    scope: { value: 'SCOPES', help: 'ask for these permissions only, separated by spaces' },
  },
  codes: [...plainCodes, [EXIT.interrupted, 'interrupted; nothing was kept']],

  async run(call) {
    const { out, signal } = call;
    const url = safe(platformOf(call));
    const device = await begin(call, url);
    out.note(
      ...['To log in, open', `  ${printable(device.address)}`, 'and type the code', `  ${printable(device.userCode)}`],
      `or open ${printable(device.fullAddress)} and compare the code.`,
    );
    const { userCode, address: verificationUri, fullAddress: verificationUriComplete, expiresInS } = device;
    out.record({ userCode, verificationUri, verificationUriComplete, expiresInS });
    const kept = await wait(call, url, device);
    const logins = loginsOf(call);
    await logins.locked(signal, async () => logins.keep(url, kept, true));
    const me = await createClient({ baseUrl: url, apiKey: kept.accessToken }).call(auth.getMe, {});
    out.print(
      `Logged in at ${url} as ${printable(me.principal.name)} of ${printable(me.tenant.name)}, workspace ${printable(me.workspace.name)}.`,
    );
    out.record({ url, me });
    return 0;
  },
};

/** Tokens do not travel in the clear. */
function safe(url: string): string {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname)) return url;
  throw usage(`${url} is not safe to log in at`, 'Use its https address.');
}

async function begin(call: Call, url: string): Promise<Device> {
  const scopes = call.text('scope')?.split(/\s+/).filter(Boolean) ?? WANTED;
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
async function wait({ out, signal }: Call, url: string, device: Device): Promise<Login> {
  const giveUpAt = Date.now() + device.expiresInS * 1_000;
  for (let intervalS = device.intervalS; ;) {
    out.transient(`waiting for your answer at ${device.address} …`);
    await sleep(intervalS * 1_000, undefined, { signal });
    const form = { grant_type: DEVICE_GRANT, device_code: device.deviceCode };
    const answer = await ask(url, 'token', form, signal).catch(passing);
    const error = answer?.body['error'];
    if (answer?.status === 200) {
      out.transient('');
      return loginIn(url, answer);
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
