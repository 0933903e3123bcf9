/** Sign-ins, programs that act for people, and emergency access. */
import { breakGlass, oauth, signIns } from '@conclave/contracts';
import type { Group } from '../command.js';
import { emergencies, grants, members, openSignIns, programs } from '../nouns/access.js';
import { named, oneOf, several, word } from '../operations/field.js';
import { listing, operation } from '../operations/operation.js';

const program = named('id', programs, '', { name: 'PROGRAM', required: true });
const redirects = { name: 'redirect', value: 'URL' };

export const signInsGroup: Group = {
  name: 'sign-ins',
  summary: 'sign-ins that are open',
  commands: [
    listing(openSignIns, ['sign-ins'], {
      options: [named('principal', members, 'whose (default: yours)', { name: 'member' })],
    }),
    operation(signIns.revokeSignIn, {
      name: 'end',
      operands: [word('id', '', { name: 'SIGN-IN', required: true })],
      gives: openSignIns,
    }),
    operation(signIns.revokeSignIns, {
      name: 'end-all',
      options: [named('principal', members, 'whose (default: yours, but for the one at hand)', { name: 'member' })],
      final: 'Every browser is signed out, and programs that were allowed there with it.',
    }),
  ],
};

export const programsGroup: Group = {
  name: 'programs',
  summary: 'programs that act for people: registered ones, and yours',
  commands: [
    listing(programs, ['programs']),
    operation(oauth.createOauthClient, {
      name: 'create',
      operands: [word('name', '', { name: 'NAME', required: true })],
      options: [
        oneOf('kind', ['public', 'confidential'], 'confidential can keep a secret, which is shown once', {
          required: true,
        }),
        several('redirectUris', 'where browsers are sent back to', { ...redirects, required: true }),
      ],
    }),
    operation(oauth.changeOauthClient, {
      name: 'change',
      operands: [program],
      options: [
        word('name', 'what it is called'),
        several('redirectUris', 'where browsers are sent back to', redirects),
      ],
      gives: programs,
    }),
    operation(oauth.deleteOauthClient, {
      name: 'delete',
      operands: [program],
      gives: programs,
      final: 'What people allowed the program ends.',
    }),
    listing(grants, ['programs'], { name: 'allowed', summary: 'list the programs that act for you' }),
    operation(oauth.revokeGrant, {
      name: 'disallow',
      operands: [named('id', grants, '', { name: 'GRANT', required: true })],
      gives: grants,
    }),
  ],
};

export const breakGlassGroup: Group = {
  name: 'break-glass',
  summary: 'emergency access: who took it, and what was found afterwards',
  description:
    'Emergency access is taken in the console, by a person who is signed in; here it is listed, ended and reviewed.',
  commands: [
    listing(emergencies, ['break-glass'], { summary: 'list emergency accesses' }),
    operation(breakGlass.endBreakGlass, {
      name: 'end',
      operands: [word('id', '', { name: 'ACCESS', required: true })],
      gives: emergencies,
    }),
    operation(breakGlass.reviewBreakGlass, {
      name: 'review',
      operands: [word('id', '', { name: 'ACCESS', required: true })],
      options: [
        oneOf('finding', ['justified', 'unjustified'], 'what you found', { required: true }),
        word('note', 'what you looked at, and why', { required: true, value: 'TEXT' }),
      ],
      gives: emergencies,
    }),
  ],
};
