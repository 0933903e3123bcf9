import { randomUUID } from 'node:crypto';
import { auth } from '@conclave/contracts';
import { platformOptions, type Command } from '../command.js';
import { Fault } from '../fault.js';
import { EXIT } from '../exit-codes.js';
import { timeOf } from '../operations/field.js';
import { everything, idNamed } from '../operations/noun.js';
import { keys } from '../nouns/access.js';
import { clientOf } from '../platform/settings.js';
import { printable } from '../printable.js';

export const rotateKey: Command = {
  name: 'rotate',
  operands: [{ name: 'KEY', required: true }],
  summary: 'replace a key by a new one that permits the same',
  description: [
    'Makes a key with the name, permissions, networks and owner of KEY and writes it to stdout, this once. The old one is',
    'revoked with --revoke, at once; without it both are good until you revoke it.',
  ].join('\n'),
  options: {
    expires: {
      value: 'TIME',
      help: 'when the new key ends (default: as far ahead as the old one was when it was made)',
    },
    revoke: { help: 'revoke the old key' },
    ...platformOptions,
  },
  calls: [auth.createApiKey, auth.listApiKeys, auth.revokeApiKey],

  async run(call) {
    const client = clientOf(call);
    const id = await idNamed(client, keys, call.operands[0]!);
    const old = (await everything(client, keys)).find((key) => key.id === id);
    if (!old) throw new Fault(EXIT.refused, 'cli.unknown-name', `there is no key ${id}`, 'See: conclave keys list');
    const { name, scopes, allowedAddresses, principal, createdAt } = old;
    const lives = old.expiresAt && Date.parse(old.expiresAt) - Date.parse(createdAt);
    const until = call.text('expires');
    const expiresAt = until !== undefined ? timeOf(until) : lives && new Date(Date.now() + lives).toISOString();
    const made = await client.call(
      auth.createApiKey,
      {
        ...{ name, scopes, principal },
        ...(allowedAddresses && { allowedAddresses }),
        ...(expiresAt && { expiresAt }),
      },
      { idempotencyKey: randomUUID() },
    );
    // Only now: whoever is cut off here still has a key that is good.
    if (call.flag('revoke')) await client.call(auth.revokeApiKey, { id });
    call.out.note(
      `${made.id} stands for ${id}, which is ${call.flag('revoke') ? 'revoked' : 'good still'}. Its key is shown this once:`,
    );
    call.out.print(printable(made.key));
    call.out.result({ ...made, replaces: id, revoked: call.flag('revoke') });
    return 0;
  },
};
