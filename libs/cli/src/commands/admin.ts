import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { tenants } from '@conclave/contracts';
import { limitOptions, setLimits, showLimits } from '../admin/limits.js';
import { eraseTenant, showErasure } from '../admin/tenants.js';
import { platformOptions, type Group } from '../command.js';
import { usage } from '../fault.js';
import { members, owners, tenant } from '../nouns/access.js';
import { named, word, type Field } from '../operations/field.js';
import { listing, operation, required } from '../operations/operation.js';

const TENANT = named('id', tenant, '', required(tenant));
const wait = { wait: { help: 'until it is done' } } as const;

const tenantsGroup: Group = {
  name: 'tenants',
  summary: 'tenants of the platform, for its operators',
  description: 'Tenants of the platform, for its operators. TENANT is an id or a name.',
  commands: [
    listing(tenant, ['admin', 'tenants']),
    operation(tenants.getTenant, { name: 'show', operands: [TENANT], gives: tenant }),
    operation(tenants.createTenant, {
      name: 'create',
      description: 'Makes a tenant, and writes the link its first owner gets in with, once, to stdout.',
      operands: [word('name', '', { name: 'NAME', required: true })],
      options: [
        word('owner', 'what its first owner is called', { value: 'NAME' }),
        word('workspace', 'what its first workspace is called', { value: 'NAME' }),
      ],
      gives: tenant,
      once: 'link',
    }),
    operation(tenants.suspendTenant, {
      name: 'suspend',
      operands: [TENANT],
      options: [word('reason', 'why; it is kept in the audit log', { value: 'TEXT', required: true })],
      gives: tenant,
    }),
    operation(tenants.resumeTenant, { name: 'resume', operands: [TENANT], gives: tenant }),
    {
      name: 'erase',
      operands: [{ name: 'TENANT', required: true }],
      summary: 'erase a suspended tenant, for ever',
      description: 'The tenant must be suspended. Asks for its name once more; a script gives it with --yes --name.',
      options: {
        reason: { value: 'TEXT', help: 'why; it is kept in the audit log' },
        name: { value: 'NAME', help: 'the name of the tenant, once more' },
        yes: { help: 'do not ask; needs --name' },
        ...wait,
        ...platformOptions,
      },
      calls: [tenants.eraseTenant, tenants.getTenant],
      run: eraseTenant,
    },
    {
      name: 'erasure',
      operands: [{ name: 'TENANT', required: true }],
      summary: 'how far an erasure is, and the proof when it is done',
      options: { ...wait, ...platformOptions },
      calls: [tenants.getErasure],
      run: showErasure,
    },
    operation(tenants.cancelErasure, { name: 'cancel-erasure', operands: [TENANT], gives: tenant }),
  ],
};

const ownersGroup: Group = {
  name: 'owners',
  summary: 'who owns the tenant of the credential at hand',
  commands: [
    listing(owners, ['admin', 'owners']),
    operation(tenants.addOwner, {
      name: 'add',
      operands: [named('id', members, '', required(members))],
      gives: owners,
    }),
    operation(tenants.removeOwner, {
      name: 'remove',
      operands: [named('id', owners, '', required(owners))],
      gives: owners,
    }),
  ],
};

const limitsGroup: Group = {
  name: 'limits',
  summary: 'what a tenant may have at most',
  commands: [
    {
      name: 'show',
      operands: [{ name: 'TENANT', required: false }],
      summary: 'limits of a tenant and what it has; without one, your own',
      options: platformOptions,
      calls: [tenants.getOwnLimits, tenants.getLimits],
      run: showLimits,
    },
    {
      name: 'set',
      operands: [{ name: 'TENANT', required: true }],
      summary: 'change limits; those that are not named stay',
      options: { ...limitOptions, ...platformOptions },
      calls: [tenants.setLimits, tenants.getLimits],
      run: setLimits,
    },
  ],
};

const logo: Field = {
  ...word('logo', 'a PNG', { value: 'FILE' }),
  read: async ([file = ''], { call }) =>
    (
      await readFile(resolve(call.cwd, file)).catch((error: NodeJS.ErrnoException) => {
        throw usage(`${file} cannot be read (${error.code})`);
      })
    ).toString('base64'),
};

const brandingGroup: Group = {
  name: 'branding',
  summary: 'how the tenant looks at the sign-in page',
  commands: [
    operation(tenants.getOwnTenant, { name: 'show' }),
    operation(tenants.changeOwnTenant, {
      name: 'set',
      options: [
        word('displayName', 'what it is called', { name: 'name' }),
        word('accent', 'its colour, such as #0b5cad', { value: 'COLOUR' }),
        logo,
      ],
    }),
  ],
};

export const admin: Group = {
  name: 'admin',
  summary: 'operate tenants, and say who owns yours',
  commands: [tenantsGroup, ownersGroup, limitsGroup, brandingGroup],
};
