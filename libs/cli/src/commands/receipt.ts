import { resolve } from 'node:path';
import { consensus } from '@conclave/contracts';
import { platformOptions, type Command } from '../command.js';
import { usage } from '../fault.js';
import { clientOf } from '../platform/settings.js';
import { printable } from '../printable.js';
import { fetchReceiptAs, storeReceipt } from '../review/receipts.js';

const PATIENCE_MS = 10_000;

export const receipt: Command = {
  name: 'receipt',
  operands: [{ name: 'DECISION', required: true }],
  summary: 'fetch the receipt of a decision',
  description:
    'Stores the receipt as <decision>.receipt.json where you are, or as --out says. Check it with `conclave verify`. As\nsigstore it is a Sigstore bundle of the envelope, <decision>.sigstore.json, for tools that check signatures alone.',
  options: {
    format: { value: 'FORMAT', help: 'conclave (default) or sigstore' },
    out: { value: 'FILE', help: 'where to store it' },
    ...platformOptions,
  },
  calls: [consensus.getReceipt],

  async run(call) {
    const { out, operands, cwd, signal } = call;
    const decision = operands[0]!;
    const format = call.text('format') ?? 'conclave';
    if (format !== 'conclave' && format !== 'sigstore') throw usage('--format is conclave or sigstore');
    const own = format === 'conclave';
    const found = await fetchReceiptAs(format, clientOf(call), decision, PATIENCE_MS, signal);
    const path = resolve(cwd, call.text('out') ?? `${decision}.${own ? 'receipt' : 'sigstore'}.json`);
    await storeReceipt(path, found, undefined);
    out.print(`Stored ${printable(path)}`, ...(own ? [`Check it: ${out.typed('verify', path)}`] : []));
    out.result({ decision, path });
    return 0;
  },
};
