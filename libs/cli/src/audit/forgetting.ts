import { setTimeout as sleep } from 'node:timers/promises';
import { records, type ReplyOf } from '@conclave/contracts';
import type { Call } from '../command.js';
import { usage } from '../fault.js';
import { clientOf } from '../platform/settings.js';
import { printable } from '../printable.js';

/** The log gives an entry its place within a second. */
const PATIENCE_MS = 10_000;
const BEAT_MS = 200;

export async function eraseSubject(call: Call, subject: string): Promise<0> {
  const reason = call.text('reason');
  if (reason === undefined) throw usage('--reason is missing');
  const client = clientOf(call);
  let erasure = await client.call(records.eraseSubject, { subject, reason });
  for (const giveUpAt = Date.now() + PATIENCE_MS; !erasure.logged && Date.now() < giveUpAt;) {
    await sleep(BEAT_MS, undefined, { signal: call.signal });
    erasure = await client.call(records.getErasure, { id: erasure.id });
  }
  const { id, entries, logged } = erasure;
  call.out.print(
    `Erased what ${entries} ${entries === 1 ? 'entry' : 'entries'} disclosed about ${printable(subject)}`,
    logged ? `Erasure ${id} is entry ${logged.index} of the log.` : `Erasure ${id} is not in the log yet.`,
    ...(logged ? ['', logged.proof.trimEnd()] : []),
  );
  call.out.result(erasure);
  return 0;
}

export async function holds(call: Call): Promise<0> {
  const page = await clientOf(call).call(records.listHolds, {});
  call.out.print(...page.items.map(lineOf), ...(page.items.length === 0 ? ['No legal holds.'] : []));
  call.out.result(page);
  return 0;
}

export async function placeHold(call: Call): Promise<0> {
  const subject = call.text('subject');
  const about = subject === undefined ? {} : { subject };
  const hold = await clientOf(call).call(records.placeHold, { reason: call.text('reason')!, ...about });
  call.out.print(lineOf(hold));
  call.out.result(hold);
  return 0;
}

export async function releaseHold(call: Call, id: string): Promise<0> {
  if (id === '') throw usage('HOLD is missing');
  const hold = await clientOf(call).call(records.releaseHold, { id });
  call.out.print(`Released: ${lineOf(hold)}`);
  call.out.result(hold);
  return 0;
}

const lineOf = ({ id, subject, placedBy, placedAt, reason }: ReplyOf<typeof records.placeHold>): string =>
  `${id}  ${placedAt.slice(0, 16)}  ${printable(subject ?? 'everything')}  by ${printable(placedBy)}: ${printable(reason)}`;
