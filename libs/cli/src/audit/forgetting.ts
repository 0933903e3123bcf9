import { setTimeout as sleep } from 'node:timers/promises';
import { records } from '@conclave/contracts';
import type { Call } from '../command.js';
import { confirmed } from '../stdin.js';
import { usage } from '../fault.js';
import { clientOf } from '../platform/settings.js';
import { printable } from '../printable.js';

/** The log gives an entry its place within a second. */
const PATIENCE_MS = 10_000;
const BEAT_MS = 200;

export async function eraseSubject(call: Call): Promise<0> {
  const subject = call.operands[0]!;
  const reason = call.text('reason');
  if (reason === undefined) throw usage('--reason is missing');
  await confirmed(call, `What the log discloses about ${printable(subject)} will be gone for good.`);
  const client = clientOf(call);
  let erasure = await client.call(records.eraseSubject, { subject, reason });
  for (const giveUpAt = Date.now() + PATIENCE_MS; !erasure.logged && Date.now() < giveUpAt;) {
    call.out.transient('  … waiting for the log');
    await sleep(BEAT_MS, undefined, { signal: call.signal });
    erasure = await client.call(records.getErasure, { id: erasure.id });
  }
  call.out.transient('');
  const { id, entries, logged } = erasure;
  call.out.print(
    `Erased what ${entries} ${entries === 1 ? 'entry' : 'entries'} disclosed about ${printable(subject)}`,
    logged ? `Erasure ${id} is entry ${logged.index} of the log.` : `Erasure ${id} is not in the log yet.`,
    ...(logged ? ['', logged.proof.trimEnd()] : []),
  );
  call.out.result(erasure);
  return 0;
}
