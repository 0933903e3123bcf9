import { resolve } from 'node:path';
import { platformOptions, type Command } from '../command.js';
import { outcomeCodes } from '../exit-codes.js';
import { clientOf } from '../platform/settings.js';
import { conclude } from '../review/conclusion.js';

export const watch: Command = {
  name: 'watch',
  operands: [{ name: 'RUN', required: true }],
  summary: 'follow a run to its verdict',
  description: 'Shows a run from its beginning, also one that has ended, and ends with its outcome.',
  options: {
    sarif: { value: 'FILE', help: 'write the findings as SARIF 2.1.0' },
    receipt: { value: 'FILE', help: 'store the receipt' },
    ...platformOptions,
  },
  codes: outcomeCodes,

  async run(call) {
    const path = (name: string): string | undefined => {
      const given = call.text(name);
      return given === undefined ? undefined : resolve(call.cwd, given);
    };
    const papers = { sarif: path('sarif'), receipt: path('receipt') };
    return conclude(call, clientOf(call), call.operands[0]!, () => papers);
  },
};
