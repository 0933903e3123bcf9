/** People of the made-up tenant: members, invitations, and the passkeys and sign-ins of whoever is signed in. */
import {
  auth,
  ConclaveError,
  invitations,
  mfa,
  mails,
  newId,
  oauth,
  passkeys,
  signIns,
  signInPolicy,
  tenants,
  type Contract,
  type ErrorCode,
  type ReplyOf,
  type RequestOf,
} from '@conclave/contracts';
import { iso } from './sample-reviews.js';

export type Member = ReplyOf<typeof auth.listMembers>['items'][number];
type Passkey = ReplyOf<typeof passkeys.addPasskey>;
type Invitation = ReplyOf<typeof invitations.revokeInvitation>;
type Me = ReplyOf<typeof auth.getMe>;

const HOUR = 3_600_000;
export const ORIGIN = 'https://conclave.example.com';
/** The link that lets somebody in. */
export const LINK_SECRET = 'a-link-that-is-good-once';

export interface People {
  readonly members: Member[];
  readonly invitations: Invitation[];
  readonly passkeys: Passkey[];
  readonly workspaces: ReplyOf<typeof auth.listWorkspaces>['items'];
  readonly signIns: ReplyOf<typeof signIns.listSignIns>['items'];
  /** Second factors of whoever is signed in, and what the tenant asks. */
  readonly factors: ReplyOf<typeof mfa.getFactors>;
  readonly waysIn: { providersOnly: boolean; exempt: string[] };
  readonly programs: ReplyOf<typeof oauth.listOauthClients>['items'];
  readonly grants: ReplyOf<typeof oauth.listGrants>['items'];
  /** Mail, where it is set up. */
  mails?: ReplyOf<typeof mails.listMails>['items'];
  /** Credential ids that open the door. */
  readonly credentials: Set<string>;
  /** What the link is for, until it is used. */
  welcome: Omit<ReplyOf<typeof invitations.openLink>, 'options'> | undefined;
}

export function peopleOf({ principal, tenant, workspace }: Me, now: number): People {
  const member = (name: string, role: Member['role'], kind: Member['principal']['kind'] = 'user'): Member => ({
    principal: { id: newId('principal'), kind, name },
    role,
    createdAt: iso(now - 80 * HOUR),
  });
  const bo = member('Bo Invited', 'viewer');
  const signIn = (method: 'passkey' | 'api-key', ago: number, current: boolean) => ({
    ...{
      id: newId('signIn'),
      principal: principal.id,
      workspace: workspace.id,
      method,
      factors: method === 'api-key' ? ['key', 'totp'] : [method],
      current,
    },
    ...{ authenticatedAt: iso(now - ago), lastUsedAt: iso(now - ago / 4), expiresAt: iso(now + 8 * HOUR) },
  });
  return {
    members: [
      { principal, role: 'administrator', createdAt: iso(now - 90 * HOUR) },
      { ...member('Grace Hopper', 'developer'), email: 'grace@example.com' },
      member('ci', 'developer', 'service-account'),
      bo,
    ],
    invitations: [
      {
        ...{ id: newId('link'), principal: bo.principal.id, name: bo.principal.name, email: 'bo@example.com' },
        ...{ role: bo.role, createdAt: iso(now - HOUR), expiresAt: iso(now + 167 * HOUR) },
      },
    ],
    passkeys: [{ id: newId('passkey'), name: 'old phone', createdAt: iso(now - 70 * HOUR) }],
    signIns: [signIn('passkey', 4 * HOUR, false), signIn('api-key', HOUR, true)],
    workspaces: [workspace, { id: newId('workspace'), name: 'billing' }].map((one) => ({
      ...one,
      createdAt: iso(now - 90 * HOUR),
    })),
    factors: { mfa: 'optional', passkeys: 1, recoveryCodes: 0 },
    waysIn: { providersOnly: false, exempt: [] },
    programs: [],
    grants: [
      {
        ...{
          id: newId('grant'),
          client: { id: 'ocl_bot', name: 'Release bot', builtIn: false },
          workspace: workspace.id,
        },
        ...{ scopes: ['run:read', 'run:create'], createdAt: iso(now - 3 * HOUR), expiresAt: iso(now + 90 * 24 * HOUR) },
      },
    ],
    credentials: new Set(),
    welcome: {
      ...{ purpose: 'invitation', name: 'Linus', tenant: tenant.name, workspace: workspace.name, role: 'developer' },
      ...{ invitedBy: principal.name, expiresAt: iso(now + 167 * HOUR) },
    },
  };
}

function taken<T>(items: T[], which: (item: T) => boolean, code: ErrorCode) {
  const at = items.findIndex(which);
  if (at < 0) throw new ConclaveError(code);
  return items.splice(at, 1)[0]!;
}

const challenge = () => Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url');

/** What a browser at `localhost` needs to make a passkey. */
export const creationOptions = (): Record<string, never> =>
  ({
    challenge: challenge(),
    rp: { id: 'localhost', name: 'Conclave' },
    user: { id: challenge(), name: 'Linus', displayName: 'Linus' },
    pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  }) as unknown as Record<string, never>;

export const requestOptions = () => ({ challenge: challenge(), rpId: 'localhost', userVerification: 'required' });

/** What a good code is, and what a new app begins with. */
export const GOOD_CODE = '123456';
export const RECOVERY_CODES = Array.from({ length: 10 }, (_, n) => `k7m2q-9wxy${n}`);

/** Puts an app into use. */
export function addApp({ factors }: People): readonly string[] {
  Object.assign(factors, { totp: { createdAt: new Date().toISOString() }, recoveryCodes: RECOVERY_CODES.length });
  return RECOVERY_CODES;
}

type Handler = (request: never) => unknown;

const sentTo = (principal: string) => ({
  ...{ id: newId('mail'), kind: 'invitation' as const, principal, state: 'sent' as const, attempts: 1 },
  ...{ createdAt: iso(Date.now()), endedAt: iso(Date.now()) },
});

/** Answers what is asked about people. */
export function peopleHandlers(people: People): [string, Handler][] {
  const handlers: [string, Handler][] = [];
  const handle = ({ subject }: Contract, handler: Handler): void => void handlers.push([subject, handler]);
  const { members, invitations: invited, passkeys: kept } = people;
  const member = (id: string) => members.find(({ principal }) => principal.id === id)!;
  handle(auth.listMembers, () => ({ items: members }));
  handle(auth.addMember, ({ name, kind, role }: RequestOf<typeof auth.addMember>) => {
    members.push({ principal: { id: newId('principal'), kind, name }, role, createdAt: iso(Date.now()) });
    return members.at(-1);
  });
  handle(auth.changeMember, ({ id, role }: Record<'id' | 'role', never>) => {
    if (id === members[0]!.principal.id) throw new ConclaveError('auth.member.last-administrator');
    return Object.assign(member(id), { role });
  });
  handle(auth.disableMember, ({ id }: { id: string }) =>
    Object.assign(member(id), { disabledAt: new Date().toISOString() }),
  );
  let owners = [{ principal: members[0]!.principal, since: members[0]!.createdAt }];
  handle(tenants.listOwners, () => ({ items: owners }));
  handle(tenants.addOwner, ({ id }: { id: string }) => {
    const owner = { principal: member(id).principal, since: new Date().toISOString() };
    owners.push(owner);
    return owner;
  });
  handle(tenants.removeOwner, ({ id }: { id: string }) => {
    if (owners.length === 1) throw new ConclaveError('auth.owner.last', { id });
    const owner = owners.find(({ principal }) => principal.id === id)!;
    owners = owners.filter((one) => one !== owner);
    return owner;
  });
  let branding = { displayName: 'Acme Works', accent: '#0b5d3b' };
  const tenant = () => ({ id: newId('tenant'), name: 'Acme', branding });
  handle(tenants.getOwnTenant, tenant);
  handle(tenants.changeOwnTenant, (request: typeof branding) => {
    if (request.accent === '#ffe900')
      throw new ConclaveError('auth.branding.unfit', { reason: 'white text on #ffe900 has a contrast of 1.2' });
    branding = { ...branding, ...request };
    return tenant();
  });
  handle(tenants.getOwnLimits, () => ({
    ...{ limits: { members: 25 }, used: { workspaces: 2, members: members.length, apiKeys: 1, secrets: 0 } },
  }));
  handle(auth.listWorkspaces, () => ({ items: people.workspaces }));
  handle(invitations.listInvitations, () => ({ items: invited }));
  handle(mails.listMails, () => ({ items: people.mails ?? [], available: people.mails !== undefined }));
  const send = (invitation: Invitation, sendMail: boolean | undefined) => {
    const mail = sendMail === true ? { mail: newId('mail') } : {};
    if (sendMail === true) people.mails?.unshift(sentTo(invitation.principal));
    return { ...invitation, ...mail, link: `${ORIGIN}/welcome#${LINK_SECRET}` };
  };
  handle(invitations.createInvitation, ({ sendMail, ...request }: RequestOf<typeof invitations.createInvitation>) => {
    const invitation = { ...invited[0]!, ...request, id: newId('link'), principal: newId('principal') };
    invited.unshift(invitation);
    return send(invitation, sendMail);
  });
  handle(invitations.renewInvitation, ({ id, sendMail }: RequestOf<typeof invitations.renewInvitation>) =>
    send(
      invited.find((one) => one.id === id)!,
      sendMail,
    ),
  );
  handle(
    invitations.revokeInvitation,
    ({ id }: { id: string }) =>
      invited.splice(
        invited.findIndex((one) => one.id === id),
        1,
      )[0],
  );
  handle(invitations.createRecovery, () => ({
    link: `${ORIGIN}/welcome#a-way-back-in`,
    expiresAt: iso(Date.now() + 24 * HOUR),
  }));
  handle(passkeys.listPasskeys, () => ({ items: kept }));
  handle(passkeys.challengePasskey, () => ({ options: creationOptions() }));
  handle(passkeys.addPasskey, ({ name, registration }: { name: string; registration: { id: string } }) => {
    people.credentials.add(registration.id);
    kept.unshift({ id: newId('passkey'), name, createdAt: new Date().toISOString() });
    return kept[0];
  });
  handle(passkeys.renamePasskey, ({ id, name }: Record<'id' | 'name', string>) =>
    Object.assign(
      kept.find((one) => one.id === id)!,
      { name },
    ),
  );
  handle(passkeys.removePasskey, ({ id }: { id: string }) =>
    taken(kept, (one) => one.id === id, 'auth.passkey.not-found'),
  );
  handle(mfa.getFactors, () => people.factors);
  handle(mfa.beginTotp, () => ({
    ...{ uri: 'otpauth://totp/Conclave:Ada?secret=JBSWY3DPEHPK3PXP&issuer=Conclave', secret: 'JBSWY3DPEHPK3PXP' },
    expiresAt: iso(Date.now() + HOUR),
  }));
  handle(mfa.removeTotp, () => {
    const { totp } = people.factors;
    delete people.factors.totp;
    return totp;
  });
  handle(mfa.replaceRecoveryCodes, () => ({ recoveryCodes: RECOVERY_CODES }));
  handle(mfa.getMfaPolicy, () => ({ mfa: people.factors.mfa, peopleWithout: 2 }));
  handle(mfa.putMfaPolicy, (request: Pick<People['factors'], 'mfa'>) => {
    Object.assign(people.factors, request);
    return { ...request, peopleWithout: 2 };
  });
  handle(signInPolicy.getSignInPolicy, () => ({ ...people.waysIn, peopleWithout: 2 }));
  handle(signInPolicy.putSignInPolicy, (request: People['waysIn']) => ({
    ...Object.assign(people.waysIn, request),
    peopleWithout: 2,
  }));
  handle(signIns.listSignIns, () => ({ items: people.signIns }));
  handle(signIns.revokeSignIn, ({ id }: { id: string }) =>
    taken(people.signIns, (one) => one.id === id, 'auth.sign-in.not-found'),
  );
  handle(signIns.revokeSignIns, ({ principal }: { principal?: string }) => {
    if (principal !== undefined) return { ended: 1 };
    const others = people.signIns.filter(({ current }) => !current);
    for (const other of others) people.signIns.splice(people.signIns.indexOf(other), 1);
    return { ended: others.length };
  });
  for (const [contract, handler] of programHandlers(people)) handle(contract, handler);
  return handlers;
}

/** The code that a program shows, and the authorization that it led a browser to. */
export const USER_CODE = 'BCDF-GHJK';
/** Until when a program acts that is allowed. */
export const ACTS_UNTIL = '2031-03-04T05:06:07.000Z';
export const AUTHORIZATION = 'an-authorization-that-waits-for-an-answer';

function programHandlers({ grants, programs, workspaces }: People): [Contract, Handler][] {
  const client = { id: 'conclave-cli', name: 'Conclave CLI', builtIn: true };
  const scopes: ReplyOf<typeof oauth.listGrants>['items'][number]['scopes'] = ['self:read', 'run:create'];
  const workspace = workspaces[0]!;
  const asked = {
    client,
    scopes,
    beyond: [],
    workspace,
    expiresAt: iso(Date.now() + HOUR),
    actsUntil: ACTS_UNTIL,
    shown: 'what was shown',
  };
  const waits = ({ userCode }: { userCode: string }) => {
    if (userCode.toUpperCase() !== USER_CODE) throw new ConclaveError('auth.device-code.not-found');
  };
  const decide = (allowed: boolean) => {
    const times = { createdAt: iso(Date.now()), expiresAt: asked.expiresAt };
    if (allowed) grants.unshift({ id: newId('grant'), client, workspace: workspace.id, scopes, ...times });
    return { client, allowed };
  };
  type Registered = ReplyOf<typeof oauth.createOauthClient>;
  const register = (request: Pick<Registered, 'name' | 'kind' | 'redirectUris'>): Registered => {
    const made = { id: newId('oauthClient'), ...request, createdAt: iso(Date.now()) };
    programs.unshift(made);
    return { ...made, ...(request.kind === 'confidential' ? { secret: 'a-secret-that-is-shown-once' } : {}) };
  };
  return [
    [oauth.listOauthClients, () => ({ items: programs })],
    [oauth.createOauthClient, register],
    [
      oauth.deleteOauthClient,
      ({ id }: { id: string }) => taken(programs, (one) => one.id === id, 'auth.oauth-client.not-found'),
    ],
    [oauth.listGrants, () => ({ items: grants })],
    [oauth.revokeGrant, ({ id }: { id: string }) => taken(grants, (one) => one.id === id, 'auth.grant.not-found')],
    [
      oauth.openDeviceCode,
      (request: { userCode: string }) => {
        waits(request);
        return { ...asked, address: '192.0.2.7', userAgent: 'conclave-cli (linux)', requestedAt: iso(Date.now()) };
      },
    ],
    [
      oauth.decideDeviceCode,
      (request: { userCode: string; allow: boolean }) => {
        waits(request);
        return decide(request.allow);
      },
    ],
    [oauth.getAuthorization, () => ({ ...asked, returnsTo: 'https://app.example.com' })],
    [
      oauth.decideAuthorization,
      ({ allow }: { allow: boolean }) => ({ ...decide(allow), location: `/verify?allowed=${allow}` }),
    ],
  ];
}
