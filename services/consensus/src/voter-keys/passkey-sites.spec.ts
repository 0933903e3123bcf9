import { describe, expect, it } from '@jest/globals';
import { passkeySitesOf } from './passkey-sites.js';

describe('the sites of passkeys', () => {
  it('are none, one, or several below the domain of the first', () => {
    expect(passkeySitesOf(' , ')).toBeUndefined();
    expect(passkeySitesOf('http://localhost:8080')).toEqual({ rpId: 'localhost', origins: ['http://localhost:8080'] });
    const several = ['https://a.example', 'https://b.a.example:8443'];
    expect(passkeySitesOf(several.join(', '))).toEqual({ rpId: 'a.example', origins: several });
  });

  it.each([
    ['plain http', 'http://a.example'],
    ['an address', 'https://10.0.0.1'],
    ['an IPv6 address', 'https://[::1]'],
    ['a path', 'https://a.example/console'],
    ['a slash at the end', 'https://a.example/'],
    ['no URL', 'a.example'],
    ['another domain than the first', 'https://a.example,https://b.example'],
    ['a domain that only ends like the first', 'https://a.example,https://ba.example'],
  ])('are refused with %s', (_, text) => expect(() => passkeySitesOf(text)).toThrow());
});
