import { text } from 'node:stream/consumers';
import { ConclaveError, secrets, type ReplyOf } from '@conclave/contracts';
import { everyItem, type Client } from '@conclave/sdk';
import { platformOptions, type Call, type Command } from '../command.js';
import { plainCodes } from '../exit-codes.js';
import { usage } from '../fault.js';
import { clientOf } from '../platform/settings.js';
import { printable } from '../printable.js';

const HELP = 'See: conclave secrets --help';

type Secret = ReplyOf<typeof secrets.createSecret>;

export const secretsCommand: Command = {
  name: 'secrets',
  operands: [
    { name: 'ACTION', required: false },
    { name: 'NAME', required: false },
  ],
  summary: 'list, set and remove secrets of the workspace',
  description:
    'list (unless told): names, versions and times; values are never shown. set NAME: makes the secret or gives it a new value, which is read from stdin, without the line break at its end. remove NAME: its value is gone.',
  options: platformOptions,
  codes: plainCodes,

  async run(call) {
    const [action = 'list', name] = call.operands;
    if (action === 'list' && name !== undefined) throw usage(`unexpected argument ${JSON.stringify(name)}`, HELP);
    if (action === 'list') return list(call);
    if (action !== 'set' && action !== 'remove') throw usage(`there is no action ${JSON.stringify(action)}`, HELP);
    if (name === undefined) throw usage('NAME is missing', HELP);
    return action === 'set' ? set(call, name) : remove(call, name);
  },
};

async function list(call: Call): Promise<0> {
  const items = await all(clientOf(call));
  call.out.print(...(items.length === 0 ? ['No secrets.'] : items.map(lineOf)));
  call.out.result({ items });
  return 0;
}

async function set(call: Call, name: string): Promise<0> {
  const client = clientOf(call);
  const known = await find(client, name);
  const value = (await text(process.stdin)).replace(/\r?\n$/, '');
  const kept = known
    ? await client.call(secrets.rotateSecret, { id: known.id, value })
    : await client.call(secrets.createSecret, { name, value });
  call.out.print(lineOf(kept));
  call.out.result(kept);
  return 0;
}

async function remove(call: Call, name: string): Promise<0> {
  const client = clientOf(call);
  const known = await find(client, name);
  if (!known) throw new ConclaveError('auth.secret.not-found', { name });
  await client.call(secrets.deleteSecret, { id: known.id });
  call.out.print(`Removed: ${lineOf(known)}`);
  call.out.result(known);
  return 0;
}

const find = async (client: Client, name: string): Promise<Secret | undefined> =>
  (await all(client)).find((secret) => secret.name === name);

const all = (client: Client): Promise<Secret[]> => everyItem((page) => client.call(secrets.listSecrets, page));

const lineOf = ({ name, version, rotatedAt, createdAt, readable }: Secret): string =>
  `${printable(name)}  version ${version} of ${rotatedAt ?? createdAt}${readable ? '' : '  unreadable: set it again'}`;
