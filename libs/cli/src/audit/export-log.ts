import { createWriteStream } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { delivery, records, type ReplyOf } from '@conclave/contracts';
import type { Call } from '../command.js';
import { Fault, usage } from '../fault.js';
import { EXIT } from '../exit-codes.js';
import { clientOf } from '../platform/settings.js';
import { printable } from '../printable.js';
import { requestOf } from '../operations/operation.js';
import { filterFields } from './filter.js';

type Export = ReplyOf<typeof records.createExport>;

export async function exportLog(call: Call): Promise<0> {
  const { out, signal } = call;
  const client = clientOf(call);
  const made = await create(call);
  const path = resolve(call.cwd, call.text('out') ?? `${made.id}.${made.format}`);
  out.transient(`exporting ${made.progress.entries} entries`);
  const bytes = await client.download(records.getExportContent, { id: made.id }, { signal });
  try {
    // Nobody else on the machine is meant to read it.
    await pipeline(Readable.fromWeb(bytes as ReadableStream), createWriteStream(path, { mode: 0o600 }));
  } catch (cause) {
    throw new Fault(EXIT.unreachable, 'cli.export.cut', 'the export was cut off', 'Ask again.', { cause });
  }
  out.transient('');
  out.print(`Stored ${printable(path)}: ${made.progress.entries} entries`);
  if (made.format === 'jsonl') out.print(`Check it: ${out.typed('audit', 'verify', path)}`);
  out.result({ ...made, path });
  return 0;
}

async function create(call: Call): Promise<Export> {
  const client = clientOf(call);
  const subject = call.text('subject');
  if (subject !== undefined) return client.call(records.createSubjectExport, { subject });
  const asked = call.text('format') ?? 'jsonl';
  const format = delivery.entryFormats.find((one) => one === asked);
  if (!format) throw usage(`--format is one of ${delivery.entryFormats.join(', ')}`);
  const filter = await requestOf(call, client, { options: filterFields });
  const range = Object.fromEntries(
    ['from', 'to'].flatMap((name) => (call.text(name) === undefined ? [] : [[name, Number(call.text(name))]])),
  ) as { from?: number; to?: number };
  return client.call(records.createExport, {
    ...{ format, range },
    ...(Object.keys(filter).length > 0 ? { filter } : {}),
  });
}
