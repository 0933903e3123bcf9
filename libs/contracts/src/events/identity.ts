/** What auth tells: who came, what they may do, and what they prove themselves with. */
import { z } from 'zod';
import { idOf } from '../ids.js';
import { timestamp } from '../page.js';
import { event } from './event.js';

export const tenantCreated = event({
  type: 'tenant.created',
  producer: 'auth',
  consumers: ['marketplace', 'audit'],
  audited: true,
  personal: ['name'],
  data: z.object({ tenant: idOf('tenant'), name: z.string() }),
});

const owner = z.object({ principal: idOf('principal') });

export const ownerAdded = event({
  type: 'owner.added',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: owner,
});

export const ownerRemoved = event({
  type: 'owner.removed',
  producer: 'auth',
  consumers: ['gateway', 'audit'],
  audited: true,
  data: owner,
});

export const signInOpened = event({
  type: 'sign-in.opened',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  personal: ['address'],
  data: z.object({
    signIn: idOf('signIn'),
    principal: idOf('principal'),
    workspace: idOf('workspace'),
    /** How they proved who they are: `passkey`, `api-key`, … */
    method: z.string(),
    factors: z.array(z.string()),
    /** Where they came from; of one that goes on, after a second factor or in another workspace, it was told before. */
    address: z.string().optional(),
  }),
});

const passkey = z.object({ passkey: idOf('passkey'), principal: idOf('principal') });

export const passkeyAdded = event({
  type: 'passkey.added',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: passkey,
});

export const passkeyRenamed = event({
  type: 'passkey.renamed',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: passkey,
});

export const passkeyRemoved = event({
  type: 'passkey.removed',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: passkey,
});

const person = z.object({ principal: idOf('principal') });

/** The person has an authenticator app: codes of another, if there was one, are good for nothing now. */
export const totpAdded = event({
  type: 'totp.added',
  producer: 'auth',
  consumers: ['gateway', 'audit'],
  audited: true,
  data: person,
});

export const totpRemoved = event({
  type: 'totp.removed',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: person,
});

/** The person has new recovery codes, and the ones before are good for nothing. */
export const recoveryCodesReplaced = event({
  type: 'recovery-codes.replaced',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: person,
});

export const recoveryCodeUsed = event({
  type: 'recovery-code.used',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: person.extend({ left: z.number().int() }),
});

/** A second factor was shown; the sign-in goes on as `signIn`. */
export const secondFactorShown = event({
  type: 'second-factor.shown',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: person.extend({ signIn: idOf('signIn'), factor: z.string() }),
});

/** So many wrong codes came in a row that none is looked at until then. */
export const secondFactorLocked = event({
  type: 'second-factor.locked',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: person.extend({ failures: z.number().int(), until: timestamp }),
});

/** `mfa` is what the tenant asks from now on: `optional` or `required`. */
export const mfaPolicyChanged = event({
  type: 'mfa-policy.changed',
  producer: 'auth',
  consumers: ['gateway', 'audit'],
  audited: true,
  data: z.object({ mfa: z.string() }),
});

/** Which ways in the tenant leaves open from now on; `exempt` are owners whom a passkey still lets in. */
export const signInPolicyChanged = event({
  type: 'sign-in-policy.changed',
  producer: 'auth',
  consumers: ['gateway', 'audit'],
  audited: true,
  data: z.object({ providersOnly: z.boolean(), exempt: z.array(idOf('principal')) }),
});

const link = z.object({
  link: idOf('link'),
  /** `bootstrap`, `invitation` or `recovery`. */
  purpose: z.string(),
  principal: idOf('principal'),
  workspace: idOf('workspace'),
});

export const linkCreated = event({
  type: 'link.created',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: link,
});

export const linkUsed = event({
  type: 'link.used',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: link,
});

export const linkRevoked = event({
  type: 'link.revoked',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: link,
});

export const credentialRevoked = event({
  type: 'credential.revoked',
  producer: 'auth',
  consumers: ['gateway', 'audit'],
  audited: true,
  data: z.object({ credentialId: z.string() }),
});

/** Whatever was started with a key or through a connection, or with what was opened so, is to end. */
export const credentialDistrusted = event({
  type: 'credential.distrusted',
  producer: 'auth',
  consumers: ['runtime', 'audit'],
  audited: true,
  data: z.object({ credential: z.union([idOf('apiKey'), idOf('connection')]) }),
});

export const apiKeyCreated = event({
  type: 'api-key.created',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: z.object({
    apiKey: idOf('apiKey'),
    scopes: z.array(z.string()),
    allowedAddresses: z.array(z.string()).optional(),
    /** Whose key it is and where, when that is not the maker's own. */
    principal: idOf('principal').optional(),
    workspace: idOf('workspace').optional(),
  }),
});

/** Somebody says what they are called, or how they like what they see. */
export const profileChanged = event({
  type: 'profile.changed',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: z.object({ principal: idOf('principal'), changed: z.array(z.string()) }),
});

const connection = z.object({ connection: idOf('connection'), kind: z.string() });

export const connectionCreated = event({
  type: 'connection.created',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: connection.extend({ provisioning: z.string() }),
});

/** `changed` names the members that did; `enabled` is what holds after it. */
export const connectionChanged = event({
  type: 'connection.changed',
  producer: 'auth',
  consumers: ['audit', 'runtime'],
  audited: true,
  data: connection.extend({ changed: z.array(z.string()), enabled: z.boolean() }),
});

export const connectionDeleted = event({
  type: 'connection.deleted',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: connection,
});

/** A SAML connection has a second key, signs with the other one, or has one again. */
export const connectionKeyRolled = event({
  type: 'connection.key-rolled',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: connection.extend({ step: z.string(), active: z.string(), standby: z.string().optional() }),
});

/** A provider signed somebody out; `signIns` are those that ended by it. */
export const providerLogoutTaken = event({
  type: 'provider-logout.taken',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: connection.extend({ signIns: z.array(idOf('signIn')) }),
});

const identity = z.object({
  connection: idOf('connection'),
  principal: idOf('principal'),
  /** Who said so: `administrator`, `verified-email`, `just-in-time` or `directory`. */
  by: z.string(),
});

export const identityLinked = event({
  type: 'identity.linked',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: identity,
});

export const identityUnlinked = event({
  type: 'identity.unlinked',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: identity,
});

const mailDomain = z.object({ mailDomain: idOf('mailDomain'), domain: z.string() });

/** The tenant says that a mail domain is its own. */
export const mailDomainClaimed = event({
  type: 'mail-domain.claimed',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: mailDomain,
});

/** The DNS of the domain says so, too: its addresses lead to the tenant's sign-in providers. */
export const mailDomainProven = event({
  type: 'mail-domain.proven',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: mailDomain,
});

/** The DNS has not said so for a week: nothing leads there any more, and another tenant can prove it. */
export const mailDomainLost = event({
  type: 'mail-domain.lost',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: mailDomain,
});

/** The tenant gave it up. */
export const mailDomainReleased = event({
  type: 'mail-domain.released',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: mailDomain,
});

const mail = z.object({ mail: idOf('mail'), kind: z.string(), principal: idOf('principal') });

/** The mail server took it. */
export const mailSent = event({ type: 'mail.sent', producer: 'auth', consumers: ['audit'], audited: true, data: mail });

/** It will not be sent. */
export const mailFailed = event({
  type: 'mail.failed',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: mail.extend({ reason: z.string() }),
});

/** What the directory says of a person changed; what it says is kept out of the log. */
export const personChanged = event({
  type: 'person.changed',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: z.object({ principal: idOf('principal'), workspace: idOf('workspace') }),
});

const directoryGroup = z.object({ group: idOf('group'), workspace: idOf('workspace') });

/** A group was made, named anew, or has other members. */
export const groupChanged = event({
  type: 'group.changed',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: directoryGroup.extend({
    added: z.array(idOf('principal')).optional(),
    removed: z.array(idOf('principal')).optional(),
  }),
});

export const groupDeleted = event({
  type: 'group.deleted',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: directoryGroup,
});

/** What members of the group are; without `role` nothing. */
export const groupRoleSet = event({
  type: 'group.role-set',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: directoryGroup.extend({ role: z.string().optional() }),
});

const grant = z.object({
  grant: idOf('grant'),
  /** Whom the program acts for, and where. */
  principal: idOf('principal'),
  workspace: idOf('workspace'),
  client: z.string(),
});

export const grantGiven = event({
  type: 'grant.given',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: grant.extend({ scopes: z.array(z.string()) }),
});

export const grantRevoked = event({
  type: 'grant.revoked',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: grant.extend({
    /** `person`, `client`, `sign-in`, `member`, `client-deleted`, or `reuse`: a token or code that was used up came again. */
    because: z.string(),
  }),
});

const oauthClient = z.object({ oauthClient: idOf('oauthClient'), kind: z.string(), redirectUris: z.array(z.string()) });

export const oauthClientCreated = event({
  type: 'oauth-client.created',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: oauthClient,
});

export const oauthClientChanged = event({
  type: 'oauth-client.changed',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: oauthClient,
});

export const oauthClientDeleted = event({
  type: 'oauth-client.deleted',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: oauthClient,
});
