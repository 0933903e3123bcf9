import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AddressRules } from './address-rules.js';

const none = new AddressRules([]);

describe('address rules', () => {
  it.each([
    ['1.1.1.1'],
    ['8.8.8.8'],
    ['9.255.255.255'],
    ['11.0.0.0'],
    ['100.63.255.255'],
    ['100.128.0.0'],
    ['126.255.255.255'],
    ['128.0.0.0'],
    ['169.253.255.255'],
    ['169.255.0.0'],
    ['172.15.255.255'],
    ['172.32.0.0'],
    ['192.167.255.255'],
    ['192.169.0.0'],
    ['198.17.255.255'],
    ['198.20.0.0'],
    ['223.255.255.255'],
    ['168.63.129.15'],
    ['168.63.129.17'],
    ['2606:4700:4700::1111'],
    ['2a00:1450:4001:80b::200e'],
    ['2001:200::1'],
    ['2003::1'],
  ])('lets the public address %s be reached', (address) => {
    expect(none.verdict(address)).toBe('public');
  });

  it.each([
    ['0.0.0.0'],
    ['0.255.255.255'],
    ['10.0.0.0'],
    ['10.255.255.255'],
    ['100.64.0.0'],
    ['100.100.100.200'],
    ['127.0.0.1'],
    ['127.255.255.255'],
    ['169.254.169.254'],
    ['172.16.0.0'],
    ['172.31.255.255'],
    ['192.0.0.192'],
    ['192.168.0.0'],
    ['192.168.255.255'],
    ['198.18.0.0'],
    ['203.0.113.7'],
    ['224.0.0.1'],
    ['239.255.255.255'],
    ['240.0.0.1'],
    ['255.255.255.255'],
    ['168.63.129.16'],
    ['::'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['::ffff:8.8.8.8'],
    ['::ffff:0:8.8.8.8'],
    ['::127.0.0.1'],
    ['64:ff9b::7f00:1'],
    ['64:ff9b:1::a00:1'],
    ['100::1'],
    ['2001::1'],
    ['2001:db8::1'],
    ['2002:7f00:1::'],
    ['3fff::1'],
    ['fc00::1'],
    ['fd00:ec2::254'],
    ['fe80::1'],
    ['fec0::1'],
    ['ff02::1'],
    ['5f00::1'],
    ['fe80::1%eth0'],
    ['2606:4700::1%1'],
    [''],
    ['localhost'],
    ['127.1'],
    ['0x7f000001'],
    ['2130706433'],
  ])('refuses %s', (address) => {
    expect(none.verdict(address)).toBe('refused');
  });

  it('lets the operator allow networks, and only those', () => {
    const rules = new AddressRules(['10.1.0.0/16', 'fd00:1::/32']);
    expect(rules.verdict('10.1.255.255')).toBe('allowed');
    expect(rules.verdict('fd00:1::5')).toBe('allowed');
    expect(rules.verdict('10.2.0.0')).toBe('refused');
    expect(rules.verdict('fd00:2::5')).toBe('refused');
    expect(rules.verdict('1.1.1.1')).toBe('public');
  });

  it('refuses every spelling of IPv4 inside IPv6, public or not', () => {
    const quad = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)).map((parts) => parts.join('.'));
    fc.assert(
      fc.property(quad, fc.constantFrom('::ffff:', '::', '::ffff:0:', '64:ff9b::'), (address, prefix) => {
        expect(none.verdict(prefix + address)).toBe('refused');
      }),
    );
  });

  it('refuses every IPv6 address outside 2000::/3', () => {
    const words = fc.array(fc.nat(0xffff), { minLength: 7, maxLength: 7 });
    fc.assert(
      fc.property(fc.nat(0xffff), words, (first, rest) => {
        fc.pre(first >> 13 !== 1);
        expect(none.verdict([first, ...rest].map((word) => word.toString(16)).join(':'))).toBe('refused');
      }),
    );
  });
});
