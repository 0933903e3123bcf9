import { describe, expect, it } from '@jest/globals';
import { auth, connections, invitations, oauth, passkeys, tenants, type Contract } from './index.js';

describe('a name that is given', () => {
  const at = { tenant: ['name', 'owner', 'workspace'], name: ['name'], display: ['displayName'] };
  const given: readonly (readonly [Contract, readonly string[]])[] = [
    ...[auth.changeMe, auth.createApiKey, auth.createWorkspace, auth.addMember].map((one) => [one, at.name] as const),
    ...[passkeys.addPasskey, passkeys.renamePasskey].map((one) => [one, at.name] as const),
    ...[oauth.createOauthClient, oauth.changeOauthClient].map((one) => [one, at.name] as const),
    ...[connections.createConnection, connections.changeConnection].map((one) => [one, at.name] as const),
    [invitations.createInvitation, at.name],
    [tenants.createTenant, at.tenant],
    [tenants.changeOwnTenant, at.display],
  ];
  /** Members of the request that are refused. */
  const refused = ({ request }: Contract, sent: object): string[] =>
    (request.safeParse(sent).error?.issues ?? []).map(({ path }) => String(path[0]));

  it.each([' ', '', '\u200b', '\u3164', 'a\nb', 'a\u0007', '\u202eada', 'ada\u2066', 'a\u2028b'])(
    'shows: %j',
    (name) => {
      for (const [contract, members] of given)
        for (const member of members)
          expect([contract.subject, refused(contract, { [member]: name })]).toEqual([
            contract.subject,
            expect.arrayContaining([member]),
          ]);
    },
  );

  it.each(['Ada', 'Zoë O’Neill-Ng', 'می‌خواهم', '王', '👩‍🚀', 'a'.repeat(120)])('may be %s', (name) => {
    for (const [contract, members] of given)
      for (const member of members) expect(refused(contract, { [member]: name })).not.toContain(member);
  });
});
