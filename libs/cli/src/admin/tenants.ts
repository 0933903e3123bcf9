import { setTimeout as sleep } from 'node:timers/promises';
import { ConclaveError, tenants, type ReplyOf } from '@conclave/contracts';
import type { Client } from '@conclave/sdk';
import type { Call } from '../command.js';
import { lineTyped } from '../stdin.js';
import { usage } from '../fault.js';
import { tenant } from '../nouns/access.js';
import { idNamed } from '../operations/noun.js';
import { clientOf } from '../platform/settings.js';
import { printable } from '../printable.js';

type Erasure = ReplyOf<typeof tenants.getErasure>;

const POLL_MS = 1_000;

/** With `--wait` it is followed to its end. */
export async function eraseTenant(call: Call): Promise<0> {
  const client = clientOf(call);
  const reason = reasonOf(call);
  const id = await idNamed(client, tenant, call.operands[0]!);
  const known = await client.call(tenants.getTenant, { id });
  // Nobody is asked for a name when the answer is no anyway.
  if (known.operators) throw new ConclaveError('auth.tenant.protected');
  if (known.state !== 'suspended') throw new ConclaveError('auth.tenant.not-suspended', { tenant: known.name });
  const name = await confirmedName(call, known.name);
  const erasure = await client.call(tenants.eraseTenant, { id, name, reason });
  return told(call, call.flag('wait') ? await finished(call, client, erasure) : erasure);
}

/** How far it is; with `--wait` until its end. */
export async function showErasure(call: Call): Promise<0> {
  const client = clientOf(call);
  const id = await idNamed(client, tenant, call.operands[0]!);
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
  const { tenant: id, startedAt, finishedAt, erasesAt, waitingFor, answers, dataKeys } = erasure;
  const state = finishedAt
    ? `Erased ${finishedAt}; ${dataKeys ?? 0} data keys are destroyed`
    : startedAt
      ? `Erasing since ${startedAt}; waiting for ${waitingFor.join(', ')}`
      : `Will be erased ${erasesAt}. Until then: ${call.out.typed('admin', 'tenants', 'cancel-erasure', id)}`;
  call.out.print(state, ...answers.map(({ service, rows, at }) => `  ${service.padEnd(12)} ${at}  ${rows} rows`));
  call.out.result(erasure);
  return 0;
}

/**
 * Has the name of what will be gone written once more: at the terminal, or by a script with `--yes --name`.
 *
 * @throws Fault `cli.usage` when it is another
 */
async function confirmedName(call: Call, name: string): Promise<string> {
  const prompt = `This erases everything of ${printable(name)}, for ever. Write its name to go on: `;
  const given = call.flag('yes') ? call.text('name') : await lineTyped(call, prompt);
  if (given === undefined) throw usage('--yes needs --name', 'Write the name of the tenant behind it.');
  if (given !== name) throw usage(`${JSON.stringify(given)} is not the name of this tenant`);
  return given;
}

const reasonOf = (call: Call): string => {
  const reason = call.text('reason');
  if (reason === undefined) throw usage('--reason is missing', 'It is kept in the audit log.');
  return reason;
};
