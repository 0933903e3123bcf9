/** People of the made-up tenant: members, invitations, and the passkeys and sign-ins of whoever is signed in. */
import {
  auth,
  ConclaveError,
  invitations,
  mails,
  newId,
  passkeys,
  roles,
  signIns,
  tenantRoles,
  type Contract,
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
    ...{ id: newId('signIn'), principal: principal.id, workspace: workspace.id, method, factors: [method], current },
    ...{ authenticatedAt: iso(now - ago), lastUsedAt: iso(now - ago / 4), expiresAt: iso(now + 8 * HOUR) },
  });
  return {
    members: [
      { principal, role: 'administrator', createdAt: iso(now - 90 * HOUR) },
      member('Grace Hopper', 'developer'),
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
    credentials: new Set(),
    welcome: {
      ...{ purpose: 'invitation', name: 'Linus', tenant: tenant.name, workspace: workspace.name, role: 'developer' },
      ...{ invitedBy: principal.name, expiresAt: iso(now + 167 * HOUR) },
    },
  };
}

function taken<T>(items: T[], which: (item: T) => boolean, code: 'auth.passkey.not-found' | 'auth.sign-in.not-found') {
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
  handle(tenantRoles.listRoles, () => ({
    items: Object.entries(roles).map(([name, granted]) => ({ name, permissions: [...granted], builtIn: true })),
  }));
  handle(auth.changeMember, ({ id, role }: Record<'id' | 'role', never>) => {
    if (id === members[0]!.principal.id) throw new ConclaveError('auth.member.last-administrator');
    return Object.assign(member(id), { role });
  });
  handle(auth.disableMember, ({ id }: { id: string }) =>
    Object.assign(member(id), { disabledAt: new Date().toISOString() }),
  );
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
  handle(signIns.listSignIns, () => ({ items: people.signIns }));
  handle(signIns.revokeSignIn, ({ id }: { id: string }) =>
    taken(people.signIns, (one) => one.id === id, 'auth.sign-in.not-found'),
  );
  return handlers;
}
