/** Identity providers of the tenant, whom they vouch for, and the mail domains that are its own. */
import { connections, directories, mailDomains } from '@conclave/contracts';
import type { Group } from '../command.js';
import { domains, identities, members, providers } from '../nouns/access.js';
import { flag, named, number, oneOf, request, word } from '../operations/field.js';
import { listing, operation, required } from '../operations/operation.js';
import { stopRuns } from './stop-runs.js';

const connection = named('id', providers, '', required(providers));
const domain = named('id', domains, '', { name: 'DOMAIN', required: true });
const provider = { gives: providers };

const domainsGroup: Group = {
  name: 'domains',
  summary: 'mail domains, and the proof that they are yours',
  commands: [
    listing(domains, ['connections', 'domains']),
    operation(mailDomains.claimMailDomain, {
      name: 'claim',
      operands: [word('domain', '', { name: 'DOMAIN', required: true })],
      gives: domains,
    }),
    operation(mailDomains.checkMailDomain, { name: 'check', operands: [domain], gives: domains }),
    operation(mailDomains.releaseMailDomain, { name: 'release', operands: [domain], gives: domains }),
  ],
};

const identitiesGroup: Group = {
  name: 'identities',
  summary: 'whom a provider vouches for',
  commands: [
    listing(identities, ['connections', 'identities'], {
      operands: [connection],
      summary: 'list whom a provider vouches for',
    }),
    operation(connections.linkIdentity, {
      name: 'link',
      operands: [
        connection,
        named('principal', members, '', { name: 'MEMBER', required: true }),
        word('subject', '', { name: 'SUBJECT', required: true }),
      ],
      gives: identities,
    }),
    operation(connections.unlinkIdentity, {
      name: 'unlink',
      operands: [connection, named('principal', members, '', { name: 'MEMBER', required: true })],
    }),
  ],
};

const directoryGroup: Group = {
  name: 'directory',
  summary: 'people read from the management of a provider',
  commands: [
    operation(directories.getDirectory, { name: 'show', operands: [connection] }),
    operation(directories.putDirectory, {
      name: 'put',
      operands: [connection, request('{workspace, settings, everyHours}')],
    }),
    operation(directories.readDirectory, {
      name: 'read',
      operands: [connection],
      options: [
        flag('dryRun', 'say what would change, and change nothing'),
        number('mayEnd', 'how many members may be ended at most'),
      ],
    }),
    operation(directories.deleteDirectory, { name: 'delete', operands: [connection] }),
  ],
};

export const connectionsGroup: Group = {
  name: 'connections',
  summary: 'identity providers that people sign in through',
  description: [
    'Identity providers. CONNECTION is an id or a name. FILE holds {name, settings, provisioning, emailDomains} in JSON or',
    'YAML, as POST /v1/connections takes them; - reads stdin, so that a client secret need not be in a file.',
  ].join('\n'),
  commands: [
    listing(providers, ['connections']),
    operation(connections.getConnection, { name: 'show', operands: [connection] }),
    operation(connections.testConnection, {
      name: 'test',
      description:
        'Checks settings as saving would, and asks the provider for what it publishes. FILE holds {settings}.',
      operands: [request('')],
      shows: ({ checks }, out) =>
        checks.map(
          ({ check, ok, says }) =>
            `${out.styled(ok ? 'green' : 'red', (ok ? 'ok' : 'failed').padEnd(7))} ${check}: ${says}`,
        ),
    }),
    operation(connections.createConnection, { name: 'create', operands: [request('')], ...provider }),
    operation(connections.changeConnection, {
      name: 'change',
      operands: [connection, request('')],
      ...provider,
    }),
    operation(connections.changeConnection, {
      name: 'enable',
      summary: 'let people in through it again',
      operands: [connection],
      always: { enabled: true },
      ...provider,
    }),
    operation(connections.changeConnection, {
      name: 'disable',
      summary: 'let nobody in through it, and end sign-ins that came through it',
      operands: [connection],
      options: [stopRuns],
      always: { enabled: false },
      ...provider,
    }),
    operation(connections.rollConnectionKey, {
      name: 'roll-key',
      operands: [connection, oneOf('step', ['prepare', 'swap', 'drop'], '', { name: 'STEP', required: true })],
    }),
    operation(connections.deleteConnection, {
      name: 'delete',
      operands: [connection],
      options: [stopRuns],
      final: 'Sign-ins that came through it end, and nobody comes in that way again.',
      ...provider,
    }),
    identitiesGroup,
    directoryGroup,
    domainsGroup,
  ],
};
