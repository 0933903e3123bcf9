import { describe, expect, it } from '@jest/globals';
import { contracts } from './catalogue.js';

const subjects = (which: 'stepUp' | 'whilePending'): string[] =>
  contracts
    .filter((contract) => contract[which])
    .map(({ subject }) => subject)
    .sort();

describe('what a sign-in may do', () => {
  it('takes a proof of late for what makes somebody mightier, lets somebody in, or cannot be taken back', () => {
    expect(subjects('stepUp')).toEqual([
      'audit.v1.erasure.create',
      'audit.v1.export.create',
      'audit.v1.export.create-of-subject',
      'audit.v1.hold.release',
      'audit.v1.retention.set',
      'auth.v1.access-review.close',
      'auth.v1.access-review.create',
      'auth.v1.access-review.decide',
      'auth.v1.api-key.create',
      'auth.v1.authorization.decide',
      'auth.v1.break-glass.open',
      'auth.v1.connection.change',
      'auth.v1.connection.create',
      'auth.v1.connection.delete',
      'auth.v1.connection.roll-key',
      'auth.v1.connection.test',
      'auth.v1.device-code.decide',
      'auth.v1.directory.delete',
      'auth.v1.directory.put',
      'auth.v1.directory.read',
      'auth.v1.group.set-role',
      'auth.v1.identity.link',
      'auth.v1.identity.unlink',
      'auth.v1.invitation.create',
      'auth.v1.invitation.renew',
      'auth.v1.limits.set',
      'auth.v1.mail-domain.check',
      'auth.v1.mail-domain.claim',
      'auth.v1.mail-domain.release',
      'auth.v1.member.add',
      'auth.v1.member.change',
      'auth.v1.member.disable',
      'auth.v1.member.recover',
      'auth.v1.mfa-policy.put',
      'auth.v1.oauth-client.change',
      'auth.v1.oauth-client.create',
      'auth.v1.oauth-client.delete',
      'auth.v1.owner.add',
      'auth.v1.owner.remove',
      'auth.v1.passkey.add',
      'auth.v1.passkey.challenge',
      'auth.v1.passkey.remove',
      'auth.v1.policy.delete',
      'auth.v1.policy.put',
      'auth.v1.recovery-code.replace',
      'auth.v1.role.change',
      'auth.v1.role.create',
      'auth.v1.role.delete',
      'auth.v1.secret.delete',
      'auth.v1.secret.rotate',
      'auth.v1.sign-in-policy.put',
      'auth.v1.sign-in.revoke',
      'auth.v1.sign-in.revoke-all',
      'auth.v1.tenant.create',
      'auth.v1.tenant.erase',
      'auth.v1.tenant.resume',
      'auth.v1.tenant.suspend',
      'auth.v1.totp.begin',
      'auth.v1.totp.remove',
    ]);
  });

  it('is nothing but adding a second factor, while one is still to be shown', () => {
    expect(subjects('whilePending')).toEqual([
      'auth.v1.passkey.add',
      'auth.v1.passkey.challenge',
      'auth.v1.totp.begin',
    ]);
  });
});
