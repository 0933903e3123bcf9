import { describe, expect, it } from '@jest/globals';
import { SignInRefusal } from '../connection-sign-ins/vouched.js';
import { groupsOf, saysGroups } from './groups.js';

describe('groups in claims', () => {
  it.each([
    ['groups', { groups: ['a', 'b'] }, ['a', 'b']],
    ['groups', { groups: 'a' }, ['a']],
    ['realm_access.roles', { realm_access: { roles: ['a'] } }, ['a']],
    ['https://example.com/groups', { 'https://example.com/groups': ['a'], 'https://example': { com: {} } }, ['a']],
    ['a.b', { 'a.b': ['name'], a: { b: ['way'] } }, ['name']],
    ['roles', { roles: ['a'], _claim_names: { groups: 'src1' }, hasgroups: true }, ['a']],
    ['groups', { groups: ['a'], hasgroups: false }, ['a']],
  ])('are found by name, else by the way to them: %s in %j', (claim, claims, groups) => {
    expect([groupsOf({ claim }, claims), saysGroups({ claim }, claims)]).toEqual([groups, true]);
  });

  it.each([
    'groups',
    'a.b',
    'constructor',
    '__proto__',
    'realm_access.constructor.name',
    'realm_access.roles.length',
    '.',
    '',
  ])('are none where nothing says so: %s', (claim) => {
    const claims = { sub: 'x', a: null, realm_access: { roles: undefined } };
    expect([groupsOf({ claim }, claims), saysGroups({ claim }, claims)]).toEqual([[], false]);
  });

  it.each([
    ['in more groups than the provider tells', { _claim_names: { groups: 'src1' }, groups: ['a'] }],
    ['in more groups than the provider tells', { hasgroups: 'true' }],
    ['groups that are no names', { groups: 7 }],
    ['groups that are no names', { groups: { a: true } }],
    ['groups that are no names', { groups: ['a', ['a']] }],
    ['in none of the groups', { groups: ['A', 'a '] }],
    ['in none of the groups', { groups: null }],
    ['in none of the groups', {}],
  ])('refuse a sign-in: %s, %j', (reason, claims) => {
    expect(() => groupsOf({ claim: 'groups', allowed: ['a'] }, claims)).toThrow(new SignInRefusal(reason));
  });
});
