import { expect, it } from '@jest/globals';
import type { ReceiptSummary } from '@conclave/verify';
import type { Output } from '../output.js';
import { printReceipt } from './report.js';

it('shows of a voter who contradicted itself that it is void, and not the vote it cast last', () => {
  const lines: string[] = [];
  const out = { print: (...more: string[]) => lines.push(...more), styled: (_: unknown, text: string) => text };
  const ballot = { said: { vote: 'yes' }, reason: '', dissents: false };
  const receipt = {
    ...{ decisionId: 'dec_1', outcome: { status: 'undecided', reason: 'no-quorum' }, times: { endedAt: 'then' } },
    ...{ custody: { platform: 2, external: 0, passkey: 0 }, evidence: [], notices: [] },
    ballots: [
      { ...ballot, name: 'ada', status: 'counted' },
      { ...ballot, name: 'bob', status: 'void' },
    ],
  } as unknown as ReceiptSummary;
  printReceipt(out as unknown as Output, receipt);
  expect(lines.slice(-2).map((line) => line.trim().split(/ +/))).toEqual([
    ['ada', 'yes'],
    ['bob', 'void'],
  ]);
});
