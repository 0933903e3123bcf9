import { expect, it } from '@jest/globals';
import type { ReceiptSummary } from '@conclave/verify';
import { unmetDemands } from './policy.js';

const endedAt = '2026-01-01T12:00:00Z';
const receipt = {
  ...{ outcome: { status: 'approved' }, origin: 'log', times: { endedAt } },
  ballots: [
    { voterId: 'ada', status: 'counted', custody: 'external' },
    { voterId: 'bob', status: 'counted', custody: 'external' },
  ],
} as unknown as ReceiptSummary;
const hoursLater = (hours: number) => Date.parse(endedAt) + hours * 3_600_000;

it('takes a receipt for as old as it is: neither too old nor from the future, but for a clock that is a little behind', () => {
  const unmet = (hours: number) =>
    unmetDemands({ maxAgeHours: 2 }, receipt, { now: hoursLater(hours), voters: undefined });
  expect(unmet(1)).toEqual([]);
  expect(unmet(-0.05)).toEqual([]);
  expect(unmet(3)).toEqual(['decided 3.0 hours ago, but at most 2 are allowed']);
  expect(unmet(-1)).toEqual([`decided in the future, ${endedAt}`]);
});

it('counts as outside only keys that the trust root pins', () => {
  const unmet = (minExternalCustody: number, ...names: string[]) =>
    unmetDemands({ minExternalCustody }, receipt, {
      now: hoursLater(0),
      voters: names.map((name) => ({ name, publicKey: new Uint8Array(32) })),
    });
  expect(unmet(1, 'ada')).toEqual([]);
  expect(unmet(2, 'ada', 'zoe')).toEqual(['minExternalCustody is 2, but there are 1']);
});
