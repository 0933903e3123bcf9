import { expect, it } from '@jest/globals';
import type { ReceiptSummary } from '@conclave/verify';
import type { Output } from '../output.js';
import { printReceipt } from './report.js';

function printed(more: object, genuine: boolean): string[] {
  const lines: string[] = [];
  const out = { print: (...told: string[]) => lines.push(...told), styled: (_: unknown, text: string) => text };
  const receipt = {
    ...{ decisionId: 'dec_1', outcome: { status: 'undecided', reason: 'no-quorum' }, times: { endedAt: 'then' } },
    ...{ custody: { platform: 2, external: 0, passkey: 0 }, evidence: [], notices: [], ballots: [] },
    ...more,
  } as unknown as ReceiptSummary;
  printReceipt(out as unknown as Output, receipt, genuine);
  return lines;
}

it('tells what a file claims from what is proven', () => {
  expect(printed({}, false)[1]).toBe('What follows is claimed by the file, and not proven:');
  expect(printed({}, true)[1]).toBe('dec_1');
});

it('shows of a voter who contradicted itself that it is void, and not the vote it cast last', () => {
  const ballot = { said: { vote: 'yes' }, reason: '', dissents: false };
  const ballots = [
    { ...ballot, name: 'ada', status: 'counted' },
    { ...ballot, name: 'bob', status: 'void' },
  ];
  const lines = printed({ ballots }, true);
  expect(lines.slice(-2).map((line) => line.trim().split(/ +/))).toEqual([
    ['ada', 'yes'],
    ['bob', 'void'],
  ]);
});
