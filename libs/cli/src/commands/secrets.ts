import { secrets } from '@conclave/contracts';
import { platformOptions, type Command, type Group } from '../command.js';
import { secret } from '../nouns/access.js';
import { named } from '../operations/field.js';
import { tableOf } from '../operations/listing.js';
import { everything } from '../operations/noun.js';
import { listing, operation } from '../operations/operation.js';
import { clientOf } from '../platform/settings.js';
import { secretTyped } from '../stdin.js';

const set: Command = {
  name: 'set',
  operands: [{ name: 'NAME', required: true }],
  summary: 'make a secret, or give it a new value, from stdin',
  description:
    'The value is what stdin holds, without the line break at its end: conclave secrets set TOKEN < token.txt',
  options: platformOptions,
  calls: [secrets.rotateSecret, secrets.createSecret, secrets.listSecrets],

  async run(call) {
    const name = call.operands[0]!;
    const client = clientOf(call);
    const value = await secretTyped(call, 'value');
    const known = (await everything(client, secret)).find((one) => one.name === name);
    const kept = known
      ? await client.call(secrets.rotateSecret, { id: known.id, value })
      : await client.call(secrets.createSecret, { name, value });
    call.out.table(...tableOf(secret, [kept], call.out));
    call.out.result(kept);
    return 0;
  },
};

export const secretsGroup: Group = {
  name: 'secrets',
  summary: 'secrets of the workspace',
  description: 'Secrets that agents are lent. Values are never shown.',
  commands: [
    listing(secret, ['secrets']),
    set,
    operation(secrets.deleteSecret, {
      name: 'remove',
      operands: [named('id', secret, '', { name: 'NAME', required: true })],
      final: 'The value is gone for good.',
      shows: ({ id }) => [`Removed ${id}.`],
    }),
  ],
};
