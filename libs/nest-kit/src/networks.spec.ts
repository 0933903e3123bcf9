import { describe, expect, it } from '@jest/globals';
import { Networks } from './networks.js';

describe('networks', () => {
  it.each([
    ['10.1.0.0/16', '10.1.255.255', true],
    ['10.1.0.0/16', '10.2.0.0', false],
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3', '10.1.2.4', false],
    ['10.1.0.0/16', '::ffff:10.1.0.1', true],
    ['10.1.0.0/16', '::ffff:0a01:0001', true],
    ['10.1.0.0/16', '0:0:0:0:0:ffff:0a01:0001', true],
    ['10.1.0.0/16', '::10.1.0.1', false],
    ['10.1.0.0/16', '64:ff9b::10.1.0.1', false],
    ['::/0', '10.1.0.1', false],
    ['::/0', '::ffff:10.1.0.1', false],
    ['::/0', '2001:db8::1', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['2001:db8::/48', '2001:DB8:0:ffff::1', true],
    ['2001:db8::/48', '2001:db8:1::', false],
    ['2001:db8::7', '2001:db8:0:0::7', true],
    ['fe80::/10', 'fe80::1%eth0', false],
    ['10.1.0.0/16', '10.1.0.1:443', false],
    ['10.1.0.0/16', '010.1.0.1', false],
    ['10.1.0.0/16', '10.1', false],
    ['10.1.0.0/16', '', false],
  ])('%s has %s: %s', (cidr, address, has) => {
    expect(new Networks([cidr]).has(address)).toBe(has);
    expect(new Networks(['192.0.2.1', cidr, 'fd00::/8']).has(address)).toBe(has);
  });

  it.each([
    ['10.0.0.0/8', '10.1.0.0/16', true],
    ['10.0.0.0/8', '10.0.0.0/8', true],
    ['10.1.0.0/16', '10.0.0.0/8', false],
    ['10.1.0.0/16', '10.1.9.9', true],
    ['10.1.9.9', '10.1.9.0/24', false],
    ['::/0', '10.1.0.0/16', false],
    ['0.0.0.0/0', '::/0', false],
    ['0.0.0.0/1', '::ffff:1.1.1.1/1', false],
    ['2001:db8::/32', '2001:db8:7::/48', true],
  ])('%s covers %s: %s', (wider, cidr, covers) => {
    expect(Networks.covers([wider], cidr)).toBe(covers);
  });
});
