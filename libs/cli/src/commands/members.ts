/** Who is in the workspace, and with what credentials: each command is one operation. */
import { auth, invitations, permissions, scim } from '@conclave/contracts';
import type { Group } from '../command.js';
import { flag, named, oneOf, several, someOf, time, word } from '../operations/field.js';
import { listing, operation, required } from '../operations/operation.js';
import { groups, invited, keys, mailed, members, workspaces } from '../nouns/access.js';
import { rotateKey } from './rotate-key.js';
import { stopRuns } from './stop-runs.js';

const member = named('id', members, '', required(members));
const invitation = named('id', invited, '', required(invited));
const name = word('name', '', { name: 'NAME', required: true });
const role = word('role', 'what they may do: administrator, developer, or another of `conclave roles list`', {
  required: true,
});
const sendMail = flag('sendMail', 'send the link by mail as well, where mail is set up', { name: 'mail' });

export const membersGroup: Group = {
  name: 'members',
  summary: 'people, service accounts and agents of the workspace',
  description:
    'Members of the workspace. MEMBER is an id or a name. People are brought in with `conclave invitations`.',
  commands: [
    listing(members, ['members']),
    operation(auth.addMember, {
      name: 'add',
      operands: [name],
      options: [role, oneOf('kind', auth.principalKind.options, 'what it is', { required: true })],
      gives: members,
    }),
    operation(auth.changeMember, {
      name: 'set-role',
      operands: [member, word('role', '', { name: 'ROLE', required: true })],
      gives: members,
    }),
    operation(invitations.createRecovery, { name: 'recover', operands: [member], options: [sendMail], once: 'link' }),
    operation(auth.disableMember, {
      name: 'disable',
      operands: [member],
      gives: members,
      final: 'Disabling is for good: keys and sign-ins of the member end.',
    }),
  ],
};

export const invitationsGroup: Group = {
  name: 'invitations',
  summary: 'invite people to the workspace',
  description: 'Invitations that wait to be accepted. INVITATION is an id, a name or an e-mail address.',
  commands: [
    listing(invited, ['invitations']),
    operation(invitations.createInvitation, {
      name: 'create',
      operands: [name],
      options: [role, word('email', 'where the person reads mail'), sendMail],
      gives: invited,
      once: 'link',
    }),
    operation(invitations.renewInvitation, {
      name: 'renew',
      operands: [invitation],
      options: [sendMail],
      gives: invited,
      once: 'link',
    }),
    listing(mailed, ['invitations'], {
      name: 'mails',
      summary: 'list mail to members, and what became of it',
      options: [named('principal', members, 'only mail to this member', { name: 'member' })],
    }),
    operation(invitations.revokeInvitation, { name: 'revoke', operands: [invitation], gives: invited }),
  ],
};

export const workspacesGroup: Group = {
  name: 'workspaces',
  summary: 'workspaces of the tenant',
  commands: [
    listing(workspaces, ['workspaces']),
    operation(auth.createWorkspace, { name: 'create', operands: [name], gives: workspaces }),
  ],
};

export const groupsGroup: Group = {
  name: 'groups',
  summary: 'groups of a directory, and the roles they give',
  commands: [
    listing(groups, ['groups']),
    operation(scim.setGroupRole, {
      name: 'set-role',
      operands: [named('id', groups, '', required(groups)), word('role', '', { name: 'ROLE', required: true })],
      gives: groups,
    }),
    operation(scim.setGroupRole, {
      name: 'unset-role',
      summary: 'take the role from the members of a group',
      operands: [named('id', groups, '', required(groups))],
      always: { role: null },
      gives: groups,
    }),
  ],
};

export const keysGroup: Group = {
  name: 'keys',
  summary: 'API keys: create, rotate, revoke',
  description: [
    'API keys of the workspace. KEY is an id or the name of a key that is good.',
    'A directory provisions people with a key of its own: conclave keys create NAME --scope scim:provision',
  ].join('\n'),
  commands: [
    listing(keys, ['keys']),
    operation(auth.createApiKey, {
      name: 'create',
      description: 'Makes a key and writes it to stdout, this once.',
      operands: [name],
      options: [
        someOf('scopes', permissions, 'what it permits (default: all that you may)', {
          name: 'scope',
          value: 'PERMISSION',
        }),
        time('expiresAt', 'when it ends: a date, or 90d', { name: 'expires' }),
        several('allowedAddresses', 'where it is good from: an address or network', { name: 'from', value: 'NETWORK' }),
        named('principal', members, 'whose key it is (default: yours)', { name: 'member' }),
        named('workspace', workspaces, 'where it is good (default: where yours is)'),
      ],
      gives: keys,
      once: 'key',
    }),
    rotateKey,
    operation(auth.revokeApiKey, {
      name: 'revoke',
      operands: [named('id', keys, '', required(keys))],
      options: [stopRuns],
      gives: keys,
      final: 'What uses the key is refused from now on.',
    }),
  ],
};
