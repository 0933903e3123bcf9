import { tenants, type ReplyOf, type RequestInputOf } from '@conclave/contracts';
import type { Call } from '../command.js';
import { usage } from '../fault.js';
import { tenant } from '../nouns/access.js';
import { idNamed } from '../operations/noun.js';
import { clientOf } from '../platform/settings.js';

type View = ReplyOf<typeof tenants.getLimits>;
type Limits = RequestInputOf<typeof tenants.setLimits>['limits'];

/** Options by what they limit. */
const named = {
  workspaces: 'max-workspaces',
  members: 'max-members',
  apiKeys: 'max-api-keys',
  secrets: 'max-secrets',
  requestsPerMinute: 'max-requests-per-minute',
  runningTurns: 'max-running-turns',
  weight: 'weight',
} as const satisfies Record<keyof Limits, string>;

export const limitOptions = Object.fromEntries(
  Object.values(named).map((option) => [option, { value: 'N', help: 'a number, or `none`' }]),
);

/** Of a tenant, for operators; of one's own where none is named. */
export async function showLimits(call: Call): Promise<0> {
  const client = clientOf(call);
  const [said] = call.operands;
  if (said === undefined) return shown(call, await client.call(tenants.getOwnLimits, {}));
  return shown(call, await client.call(tenants.getLimits, { id: await idNamed(client, tenant, said) }));
}

/** Changes those that are named; the others stay. */
export async function setLimits(call: Call): Promise<0> {
  const client = clientOf(call);
  const wanted = Object.entries(named).flatMap(([limit, option]) => {
    const said = call.text(option);
    return said === undefined ? [] : [[limit, numberOf(option, said)] as const];
  });
  if (wanted.length === 0) throw usage('nothing is to be limited');
  const id = await idNamed(client, tenant, call.operands[0]!);
  const { limits } = await client.call(tenants.getLimits, { id });
  const changed = Object.entries({ ...limits, ...Object.fromEntries(wanted) }).filter(([, most]) => most !== undefined);
  return shown(call, await client.call(tenants.setLimits, { id, limits: Object.fromEntries(changed) }));
}

function numberOf(option: string, said: string): number | undefined {
  if (said === 'none') return undefined;
  if (!/^\d{1,8}$/.test(said)) throw usage(`--${option} is a number or none`);
  return Number(said);
}

function shown(call: Call, view: View): 0 {
  const { limits, used } = view as { limits: Limits; used: Partial<Record<keyof Limits, number>> };
  for (const limit of Object.keys(named) as (keyof Limits)[])
    if (limit === 'weight') call.out.print(`${limit.padEnd(18)} ${limits.weight ?? 1}`);
    else call.out.print(`${limit.padEnd(18)} ${used[limit] ?? '-'} of ${limits[limit] ?? 'any number'}`);
  call.out.result(view);
  return 0;
}
