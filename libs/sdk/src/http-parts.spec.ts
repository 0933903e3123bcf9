import { describe, expect, it } from '@jest/globals';
import { audit } from '@conclave/contracts';
import { httpParts } from './http-parts.js';

describe('the path of a request', () => {
  it('keeps the slashes of what is the rest of it, and escapes all else', () => {
    expect(httpParts(audit.getTile, { tile: 'entries/x001/234.p/5' }).target).toBe(
      '/v1/audit/log/tile/entries/x001/234.p/5',
    );
    expect(httpParts(audit.getTileOf, { log: 2, tile: '0/..?a' }).target).toBe('/v1/audit/logs/2/tile/0/..%3Fa');
  });
});
