import { describe, expect, it } from '@jest/globals';
import { ConclaveError } from '@conclave/contracts';
import { isOutage } from './outage.js';

const withCode = (code: string): Error => Object.assign(new Error('x'), { code });

describe('isOutage', () => {
  it.each([
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    '08006',
    '40001',
    '40P01',
    '53300',
    '57P01',
    '57P03',
    '58030',
    '28P01',
    '55P03',
  ])('waits for %s', (code) => expect(isOutage(withCode(code))).toBe(true));

  it.each(['Connection terminated unexpectedly', 'Query read timeout', 'timeout exceeded when trying to connect'])(
    'waits for %j',
    (message) => expect(isOutage(new Error(message))).toBe(true),
  );

  it('waits for other services, and for whoever sets them up', () => {
    for (const code of ['service.unavailable', 'request.deadline', 'service.misconfigured'] as const)
      expect(isOutage(new ConclaveError(code))).toBe(true);
  });

  it.each(['23505', '22P05', '42P01', '42501', '57014', '25P03', '57', 'ENOENT', ''])('does not wait for %j', (code) =>
    expect(isOutage(withCode(code))).toBe(false),
  );

  it.each([new Error('boom'), new ConclaveError('request.invalid'), new TypeError('x'), 'text', null, undefined, 5])(
    'does not wait for %s',
    (error) => expect(isOutage(error)).toBe(false),
  );
});
