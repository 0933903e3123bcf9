import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { formatTlogProof, fromBase64 } from '@conclave/audit-core';
import { audit } from '@conclave/contracts';
import type { Call } from '../command.js';
import { usage } from '../fault.js';
import { clientOf } from '../platform/settings.js';
import { printable } from '../printable.js';
import { filterOf } from './filter.js';

export async function listEntries(call: Call): Promise<0> {
  const { out } = call;
  const after = call.text('after');
  const page = await clientOf(call).call(audit.listAuditEntries, {
    limit: call.text('limit') ?? 20,
    ...(after === undefined ? {} : { after }),
    ...filterOf(call),
  });
  out.print(
    ...page.items.map(
      ({ index, at, type, actor }) =>
        `${String(index).padStart(8)}  ${at.slice(0, 19)}  ${printable(type).padEnd(24)} ${printable(actor)}`,
    ),
    ...(page.items.length === 0 ? ['No entries.'] : []),
    ...(page.next === undefined ? [] : ['', `More: ${out.typed('audit', 'list', '--after', page.next)}`]),
  );
  out.result(page);
  return 0;
}

export async function proveEntry(call: Call, operand: string): Promise<0> {
  if (!/^\d{1,15}$/.test(operand)) throw usage('INDEX is a number');
  const { index, hashes, checkpoint } = await clientOf(call).call(audit.getInclusionProof, { index: operand });
  const proof = formatTlogProof({ index, hashes: hashes.map(fromBase64), checkpoint });
  const file = call.text('out');
  if (file !== undefined) await writeFile(resolve(call.cwd, file), proof);
  call.out.print(file === undefined ? proof.trimEnd() : `Stored ${printable(file)}`);
  call.out.result({ index, proof });
  return 0;
}
