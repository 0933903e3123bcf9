import { limitOptions, setLimits, showLimits } from '../admin/limits.js';
import { addOwner, listOwners, removeOwner } from '../admin/owners.js';
import {
  cancelErasure,
  createTenant,
  eraseTenant,
  listTenants,
  resumeTenant,
  showErasure,
  showTenant,
  suspendTenant,
} from '../admin/tenants.js';
import { platformOptions, type Call, type Command } from '../command.js';
import { plainCodes, type ExitCode } from '../exit-codes.js';
import { usage } from '../fault.js';

const HELP = 'See: conclave admin --help';

interface Action {
  /** What it cannot do without. */
  readonly operand?: string;
  /** Whether it takes one, and can do without. */
  readonly optional?: true;
  run(call: Call, operand: string): Promise<ExitCode>;
}

const subjects: Readonly<Record<string, Readonly<Record<string, Action>>>> = {
  tenants: {
    list: { run: listTenants },
    show: { operand: 'TENANT', run: showTenant },
    create: { operand: 'NAME', run: createTenant },
    suspend: { operand: 'TENANT', run: suspendTenant },
    resume: { operand: 'TENANT', run: resumeTenant },
    erase: { operand: 'TENANT', run: eraseTenant },
    'cancel-erasure': { operand: 'TENANT', run: cancelErasure },
    erasure: { operand: 'TENANT', run: showErasure },
  },
  owners: {
    list: { run: listOwners },
    add: { operand: 'PRINCIPAL', run: addOwner },
    remove: { operand: 'PRINCIPAL', run: removeOwner },
  },
  limits: {
    show: { optional: true, run: showLimits },
    set: { operand: 'TENANT', run: setLimits },
  },
};

export const admin: Command = {
  name: 'admin',
  operands: [
    { name: 'SUBJECT', required: true },
    { name: 'ACTION', required: false },
    { name: 'OPERAND', required: false },
  ],
  summary: 'operate tenants, and say who owns yours',
  description: [
    'tenants list|show|create|suspend|resume|erase|cancel-erasure|erasure: for operators of the platform. erase asks for the',
    'name of the tenant, which must be suspended; erasure shows how far it is, and the proof when it is done.',
    'owners list|add|remove: who owns the tenant of the key at hand.',
    'limits show|set: what a tenant may have at most; without a tenant, your own.',
  ].join('\n'),
  options: {
    reason: { value: 'TEXT', help: 'suspend, erase: why' },
    owner: { value: 'NAME', help: 'create: what its first owner is called' },
    workspace: { value: 'NAME', help: 'create: what its first workspace is called' },
    name: { value: 'NAME', help: 'erase: the name of the tenant, once more' },
    yes: { help: 'erase: do not ask; needs --name' },
    wait: { help: 'erase, erasure: until it is done' },
    ...limitOptions,
    ...platformOptions,
  },
  codes: plainCodes,

  async run(call) {
    const [subject = '', action = subject === 'limits' ? 'show' : 'list', operand] = call.operands;
    const actions = Object.hasOwn(subjects, subject) ? subjects[subject]! : undefined;
    if (!actions) throw usage(`there is nothing called ${JSON.stringify(subject)}`, HELP);
    const found = Object.hasOwn(actions, action) ? actions[action]! : undefined;
    if (!found) throw usage(`there is no action ${JSON.stringify(action)}`, HELP);
    if (found.operand !== undefined && operand === undefined) throw usage(`${found.operand} is missing`, HELP);
    if (found.operand === undefined && !found.optional && operand !== undefined)
      throw usage(`unexpected argument ${JSON.stringify(operand)}`, HELP);
    return found.run(call, operand ?? '');
  },
};
