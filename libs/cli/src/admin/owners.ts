import { tenants, type ReplyOf } from '@conclave/contracts';
import type { Call } from '../command.js';
import { clientOf } from '../platform/settings.js';
import { printable } from '../printable.js';

type Owner = ReplyOf<typeof tenants.addOwner>;

export async function listOwners(call: Call): Promise<0> {
  const { items } = await clientOf(call).call(tenants.listOwners, {});
  call.out.print(...items.map(lineOf));
  call.out.result({ items });
  return 0;
}

export const addOwner = async (call: Call, id: string): Promise<0> =>
  shown(call, await clientOf(call).call(tenants.addOwner, { id }));

export const removeOwner = async (call: Call, id: string): Promise<0> =>
  shown(call, await clientOf(call).call(tenants.removeOwner, { id }));

function shown(call: Call, owner: Owner): 0 {
  call.out.print(lineOf(owner));
  call.out.result(owner);
  return 0;
}

const lineOf = ({ principal: { id, kind, name }, since }: Owner): string =>
  `${id}  ${kind}  ${printable(name)}  since ${since}`;
