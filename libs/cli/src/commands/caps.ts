import { caps } from '@conclave/contracts';
import type { Group } from '../command.js';
import { workspaces } from '../nouns/access.js';
import { cap } from '../nouns/work.js';
import { number, oneOf, word, type Field } from '../operations/field.js';
import { idNamed } from '../operations/noun.js';
import { listing, operation } from '../operations/operation.js';

const KIND = oneOf('kind', caps.capKinds, '', { name: 'KIND', required: true });
const SLOTS = number('slots', '', { name: 'SLOTS', required: true });

/** Workspaces by their names, too; `KIND` stands before. */
const NAME: Field = {
  ...word('name', '', { name: 'NAME', required: true }),
  read: ([said = ''], { call, client }) =>
    call.operands[0] === 'workspace' ? idNamed(client, workspaces, said) : said,
};

export const capsGroup: Group = {
  name: 'caps',
  summary: 'how many turns run at once',
  description: 'How many turns of a workspace, of an agent or that ask a provider run at once, of your tenant.',
  commands: [
    listing(cap, ['caps']),
    operation(caps.setCap, {
      name: 'set',
      description: 'Sets or changes a cap; what runs already goes on.',
      operands: [KIND, NAME, SLOTS],
      gives: cap,
    }),
    operation(caps.setCap, {
      name: 'remove',
      summary: 'take a cap away',
      operands: [KIND, NAME],
      always: { slots: null },
      gives: cap,
    }),
  ],
};
