import { auth, policies } from '@conclave/contracts';
import { platformOptions, type Command } from '../command.js';
import { textOf } from '../operations/field.js';
import { clientOf } from '../platform/settings.js';
import { printable } from '../printable.js';

/** Policies are checked where verdicts are asked for: as a draft that is tried and never set. */
export const check: Command = {
  name: 'check',
  operands: [
    { name: 'POLICY', required: true },
    { name: 'FILE', required: true },
  ],
  summary: 'say whether a policy in a file could be set; nothing is changed',
  options: platformOptions,
  calls: [policies.testPolicies, auth.getMe],

  async run(call) {
    const [id, file] = call.operands as [string, string];
    const source = await textOf(call, file);
    const client = clientOf(call);
    const { principal } = await client.call(auth.getMe, {});
    const asked = { principal: principal.id, action: 'self:read' as const, draft: { id, source } };
    const { policies: by } = await client.call(policies.testPolicies, asked);
    call.out.print(`${printable(file)} could be set as ${printable(id)}.`);
    call.out.result({ id, valid: true, forbidsSelf: by.includes(id) });
    return 0;
  },
};
