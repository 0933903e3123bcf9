import { createHash } from 'node:crypto';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seededOrder } from './tie-break.js';

const DIGEST = createHash('sha256').update('a decision').digest('hex');

it('orders options by SHA-256 of domain, digest and id, whatever their order', () => {
  const key = (id: string) => createHash('sha256').update(`conclave/tiebreak/v1\n${DIGEST}\n${id}`).digest('hex');
  const ids = ['keep', 'change', 'wait', 'ask'];
  const expected = ids.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  fc.assert(
    fc.property(fc.shuffledSubarray(ids, { minLength: 4 }), (order) => {
      expect(seededOrder(DIGEST, order)).toEqual(expected);
    }),
  );
  expect(seededOrder(DIGEST.replace(/^./, 'f'), ids)).not.toEqual(expected);
});
