/** What roles permit, and what policies forbid. */
import { policies, tenantRoles, permissions } from '@conclave/contracts';
import type { Group } from '../command.js';
import { cedar, members, roles } from '../nouns/access.js';
import { document, named, number, oneOf, someOf, textFile, word } from '../operations/field.js';
import { listing, operation } from '../operations/operation.js';
import { check } from './check-policy.js';

const role = word('name', '', { name: 'ROLE', required: true });
const permits = someOf('permissions', permissions, 'a permission', { name: 'permission', required: true });
const policy = word('id', '', { name: 'POLICY', required: true });

export const rolesGroup: Group = {
  name: 'roles',
  summary: 'roles, and what they permit',
  commands: [
    listing(roles, ['roles']),
    operation(tenantRoles.createRole, { name: 'create', operands: [role], options: [permits], gives: roles }),
    operation(tenantRoles.changeRole, {
      name: 'change',
      description: 'Changes what a role permits: all that is named with --permission, and nothing else.',
      operands: [role],
      options: [permits],
      gives: roles,
    }),
    operation(tenantRoles.deleteRole, { name: 'delete', operands: [role], gives: roles }),
  ],
};

export const policiesGroup: Group = {
  name: 'policies',
  summary: 'Cedar policies that forbid what roles permit',
  description:
    'Cedar policies of the tenant. `check` says whether one could be set, `try` what would be answered under it.',
  commands: [
    listing(cedar, ['policies'], { summary: 'list policies' }),
    operation(policies.getPolicy, {
      name: 'show',
      operands: [policy],
      options: [number('version', 'as it was in this version')],
      shows: ({ source }) => source.trimEnd().split('\n'),
    }),
    check,
    operation(policies.putPolicy, {
      name: 'put',
      summary: 'set a policy from a file; it takes effect with the next request',
      operands: [policy, textFile('source', '', { name: 'FILE', required: true })],
      gives: cedar,
    }),
    operation(policies.testPolicies, {
      name: 'try',
      summary: 'ask for a verdict without making a request',
      operands: [
        named('principal', members, '', { name: 'MEMBER', required: true }),
        oneOf('action', permissions, '', { name: 'PERMISSION', required: true }),
      ],
      options: [
        word('operation', 'which operation of the permission, by its subject'),
        oneOf('credential', ['api-key', 'sign-in'], 'with which credential'),
        document('resource', '{id, attributes} of what it is done to'),
        document('draft', '{id, source} of a policy that is not set yet'),
      ],
      shows: ({ allowed, decidedBy, policies: by }) => [
        `${allowed ? 'allowed' : 'refused'}, by ${decidedBy === 'role' ? 'the role' : `policies: ${by.join(', ') || 'none forbids it'}`}`,
      ],
    }),
    operation(policies.getPolicySchema, { name: 'schema' }),
    operation(policies.deletePolicy, {
      name: 'delete',
      operands: [policy],
      gives: cedar,
      final: 'What the policy forbids is permitted again.',
    }),
  ],
};
