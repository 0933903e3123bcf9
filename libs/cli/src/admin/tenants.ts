import { setTimeout as sleep } from 'node:timers/promises';
import { tenants, type ReplyOf } from '@conclave/contracts';
import { everyItem, type Client } from '@conclave/sdk';
import type { Call } from '../command.js';
import { usage } from '../fault.js';
import { clientOf } from '../platform/settings.js';
import { printable } from '../printable.js';
import { confirmedName } from './confirm.js';

type Tenant = ReplyOf<typeof tenants.getTenant>;
type Erasure = ReplyOf<typeof tenants.getErasure>;

const POLL_MS = 1_000;

export async function listTenants(call: Call): Promise<0> {
  const client = clientOf(call);
  const items: Tenant[] = await everyItem((page) => client.call(tenants.listTenants, page));
  call.out.print(...items.map(lineOf));
  call.out.result({ items });
  return 0;
}

export const showTenant = async (call: Call, id: string): Promise<0> =>
  shown(call, await clientOf(call).call(tenants.getTenant, { id }));

export async function createTenant(call: Call, name: string): Promise<0> {
  const [owner, workspace] = [call.text('owner'), call.text('workspace')];
  const made = await clientOf(call).call(tenants.createTenant, {
    name,
    ...(owner === undefined ? {} : { owner }),
    ...(workspace === undefined ? {} : { workspace }),
  });
  call.out.print(lineOf(made), `Its owner gets in, once, with ${made.link}`);
  call.out.result(made);
  return 0;
}

export const suspendTenant = async (call: Call, id: string): Promise<0> =>
  shown(call, await clientOf(call).call(tenants.suspendTenant, { id, reason: reasonOf(call) }));

export const resumeTenant = async (call: Call, id: string): Promise<0> =>
  shown(call, await clientOf(call).call(tenants.resumeTenant, { id }));

/** With `--wait` it is followed to its end. */
export async function eraseTenant(call: Call, id: string): Promise<0> {
  const client = clientOf(call);
  const reason = reasonOf(call);
  const name = await confirmedName(call, (await client.call(tenants.getTenant, { id })).name);
  const erasure = await client.call(tenants.eraseTenant, { id, name, reason });
  return told(call, call.flag('wait') ? await finished(call, client, erasure) : erasure);
}

export const cancelErasure = async (call: Call, id: string): Promise<0> =>
  shown(call, await clientOf(call).call(tenants.cancelErasure, { id }));

/** How far it is; with `--wait` until its end. */
export async function showErasure(call: Call, id: string): Promise<0> {
  const client = clientOf(call);
  const erasure = await client.call(tenants.getErasure, { id });
  return told(call, call.flag('wait') ? await finished(call, client, erasure) : erasure);
}

async function finished(call: Call, client: Client, from: Erasure): Promise<Erasure> {
  let erasure = from;
  const said = new Set<string>();
  while (erasure.finishedAt === undefined) {
    for (const { service, rows } of erasure.answers.filter(({ service }) => !said.has(service))) {
      said.add(service);
      call.out.note(`${service}: ${rows} rows are gone`);
    }
    call.out.transient(
      erasure.startedAt ? `waiting for ${erasure.waitingFor.join(', ')}` : `begins ${erasure.erasesAt}`,
    );
    await sleep(POLL_MS, undefined, { signal: call.signal });
    erasure = await client.call(tenants.getErasure, { id: from.tenant });
  }
  return erasure;
}

function told(call: Call, erasure: Erasure): 0 {
  const { tenant, startedAt, finishedAt, erasesAt, waitingFor, answers, dataKeys } = erasure;
  const state = finishedAt
    ? `Erased ${finishedAt}; ${dataKeys ?? 0} data keys are destroyed`
    : startedAt
      ? `Erasing since ${startedAt}; waiting for ${waitingFor.join(', ')}`
      : `Will be erased ${erasesAt}. Until then: ${call.out.typed('admin', 'tenants', 'cancel-erasure', tenant)}`;
  call.out.print(state, ...answers.map(({ service, rows, at }) => `  ${service.padEnd(12)} ${at}  ${rows} rows`));
  call.out.result(erasure);
  return 0;
}

function shown(call: Call, tenant: Tenant): 0 {
  call.out.print(lineOf(tenant));
  call.out.result(tenant);
  return 0;
}

const reasonOf = (call: Call): string => {
  const reason = call.text('reason');
  if (reason === undefined) throw usage('--reason is missing', 'It is kept in the audit log.');
  return reason;
};

const lineOf = ({ id, name, state, operators, suspendedFor, erasesAt }: Tenant): string =>
  [
    `${id}  ${state.padEnd(9)}  ${printable(name)}`,
    operators ? '  operators' : '',
    suspendedFor === undefined ? '' : `  (${printable(suspendedFor)})`,
    erasesAt === undefined ? '' : `  erased ${erasesAt}`,
  ].join('');
