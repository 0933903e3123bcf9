import { resolve } from 'node:path';
import { platformOptions, type Command } from '../command.js';
import { plainCodes } from '../exit-codes.js';
import { clientOf } from '../platform/settings.js';
import { printable } from '../printable.js';
import { fetchReceipt, storeReceipt } from '../review/receipts.js';

const PATIENCE_MS = 10_000;

export const receipt: Command = {
  name: 'receipt',
  operands: [{ name: 'DECISION', required: true }],
  summary: 'fetch the receipt of a decision',
  description:
    'Stores the receipt as <decision>.receipt.json where you are, or as --out says. Check it with `conclave verify`.',
  options: {
    out: { value: 'FILE', help: 'where to store it' },
    ...platformOptions,
  },
  codes: plainCodes,

  async run(call) {
    const { out, operands, cwd, signal } = call;
    const decision = operands[0]!;
    const found = await fetchReceipt(clientOf(call), decision, PATIENCE_MS, signal);
    const path = resolve(cwd, call.text('out') ?? `${decision}.receipt.json`);
    await storeReceipt(path, found, undefined);
    out.print(`Stored ${printable(path)}`, `Check it: ${out.typed('verify', path)}`);
    out.result({ decision, path });
    return 0;
  },
};
