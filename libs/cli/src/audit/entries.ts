import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { formatTlogProof, fromBase64 } from '@conclave/audit-core';
import { audit } from '@conclave/contracts';
import type { Call } from '../command.js';
import { usage } from '../fault.js';
import { clientOf } from '../platform/settings.js';
import { printable } from '../printable.js';

export async function proveEntry(call: Call): Promise<0> {
  const operand = call.operands[0]!;
  if (!/^\d{1,15}$/.test(operand)) throw usage('INDEX is a number');
  const { index, hashes, checkpoint } = await clientOf(call).call(audit.getInclusionProof, { index: operand });
  const proof = formatTlogProof({ index, hashes: hashes.map(fromBase64), checkpoint });
  const file = call.text('out');
  if (file !== undefined) await writeFile(resolve(call.cwd, file), proof);
  call.out.print(file === undefined ? proof.trimEnd() : `Stored ${printable(file)}`);
  call.out.result({ index, proof });
  return 0;
}
