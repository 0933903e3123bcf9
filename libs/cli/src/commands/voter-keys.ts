import { consensus } from '@conclave/contracts';
import type { Group } from '../command.js';
import { members } from '../nouns/access.js';
import { voterKeys } from '../nouns/work.js';
import { named } from '../operations/field.js';
import { listing, operation, required } from '../operations/operation.js';

export const voterKeysGroup: Group = {
  name: 'voter-keys',
  summary: 'who may sign ballots, with what',
  description: 'The register of voter keys. A key on this machine is enrolled by `conclave decide enrol`.',
  commands: [
    listing(voterKeys, ['voter-keys'], {
      options: [named('enrolledBy', members, 'only keys of this member', { name: 'member' })],
    }),
    operation(consensus.revokeVoterKey, {
      name: 'revoke',
      operands: [named('voterId', voterKeys, '', required(voterKeys))],
      gives: voterKeys,
      final: 'The key signs no ballot of a decision that opens from now on.',
    }),
  ],
};
