import { ConclaveError, errorCatalogue, type ErrorCode } from '@conclave/contracts';

/** A refusal in words for the person at the screen. */
export interface RefusalText {
  readonly title: string;
  /** What they can do about it. */
  readonly hint?: string;
  /** The stable code, for support and the handbook. */
  readonly code?: string;
}

/** Something that failed in this browser, in words for the person before it. */
export class Explained extends Error {
  override readonly name = 'Explained';

  constructor(
    readonly title: string,
    readonly hint: string,
  ) {
    super(title);
  }
}

type Params = ConclaveError['params'];
type Words = Omit<RefusalText, 'code'>;

const said = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;

/** Where the catalogue speaks to programs, the console speaks to people. */
const words: Partial<Record<ErrorCode, (params: Params) => Words>> = {
  'auth.unauthenticated': () => ({ title: 'You are not signed in.', hint: 'Sign in again to continue.' }),
  'auth.csrf': () => ({
    title: 'This browser may only read.',
    hint: 'Sign out and in again to make changes from here.',
  }),
  'auth.forbidden': ({ permission, policies }) =>
    Array.isArray(policies) && policies.length > 0
      ? {
          title: 'A policy of your organisation forbids this.',
          hint: `Ask an owner about ${policies.map(String).join(', ')}.`,
        }
      : {
          title: 'You are not permitted to do this.',
          hint: `Ask an administrator for ${said(permission) ?? 'the permission'}.`,
        },
  'auth.scope.too-wide': () => ({
    title: 'A key cannot grant more than you hold.',
    hint: 'Take away the permissions you do not have yourself.',
  }),
  'auth.role.too-wide': () => ({
    title: 'That takes more than you are permitted.',
    hint: 'Nobody gives, takes or ends a role that is wider than their own credential.',
  }),
  'auth.role.exists': () => ({ title: 'A role of this name exists.', hint: 'Choose another name.' }),
  'auth.role.in-use': () => ({
    title: 'This role is held or given.',
    hint: 'Give its members another one first, in every workspace, and the sign-in providers that give it, too.',
  }),
  'auth.address.too-wide': () => ({
    title: 'A key is good from no more addresses than what you are signed in with.',
    hint: 'Name networks within those.',
  }),
  'auth.expiry.too-late': ({ latest }) => ({
    title: 'A key is good no longer than what you are signed in with.',
    ...(said(latest) === undefined ? {} : { hint: `Choose a day before ${said(latest)}.` }),
  }),
  'auth.member.last-administrator': () => ({
    title: 'A workspace keeps an administrator.',
    hint: 'Make somebody else an administrator first.',
  }),
  'auth.second-factor.required': () => ({ title: 'A second factor has to be shown first.' }),
  'auth.step-up.required': () => ({ title: 'This takes a proof that it is you.', hint: 'Try again, and show it.' }),
  'auth.second-factor.refused': () => ({
    title: 'That code is not good.',
    hint: 'It is wrong or too old, or was used before. Each code of the app and each recovery code is good once.',
  }),
  'auth.second-factor.locked': ({ retryAfterS }) => ({
    title: 'Too many wrong codes.',
    hint: `Try again in ${waitOf(retryAfterS)}, or use a passkey.`,
  }),
  'auth.second-factor.last': () => ({
    title: 'Your organisation asks for a second factor, and this is your only one.',
    hint: 'Add another first.',
  }),
  'auth.owner.last': () => ({
    title: 'A tenant keeps an owner.',
    hint: 'Make somebody else an owner first.',
  }),
  'auth.tenant.suspended': () => ({
    title: 'Your organisation’s access is suspended.',
    hint: 'Nothing is lost. Ask whoever operates this installation.',
  }),
  'auth.branding.unfit': ({ reason }) => ({
    title: 'This cannot be shown at the door.',
    hint: `${said(reason) ?? 'Choose another colour or picture'}.`,
  }),
  'auth.link.invalid': () => ({
    title: 'This link opens nothing.',
    hint: 'It was used, replaced or revoked, or its time is over. Ask whoever sent it for another.',
  }),
  'auth.passkey.refused': () => ({
    title: 'The passkey was not accepted.',
    hint: 'Try again, or with another authenticator. It must recognise you, by a fingerprint, your face or a PIN.',
  }),
  'auth.passkeys-unavailable': () => ({
    title: 'This installation takes no passkeys.',
    hint: 'An operator names the console’s address in PUBLIC_URL: https, or http at localhost.',
  }),
  'service.unavailable': ({ service }) =>
    said(service) === undefined
      ? { title: 'Conclave cannot be reached.', hint: 'Check the network; the platform may be restarting.' }
      : { title: `The ${said(service)} service is not answering.`, hint: 'It is usually back within seconds.' },
  'service.internal': ({ requestId }) => ({
    title: 'Something failed on our side.',
    ...(said(requestId) === undefined ? {} : { hint: `Quote request ${said(requestId)} when you report it.` }),
  }),
  'request.rate-limited': ({ retryAfterS }) => ({
    title: 'Too many requests.',
    hint: `Try again ${said(retryAfterS) === undefined ? 'in a moment' : `in ${said(retryAfterS)} s`}.`,
  }),
  'request.deadline': () => ({ title: 'The answer took too long.', hint: 'Try again; nothing was lost.' }),
  'request.invalid': ({ issues }) =>
    isOfAddress(issues)
      ? { title: 'There is nothing at this address.', hint: 'The id in it is none: choose from the list.' }
      : { title: 'Something in the form is not acceptable.', hint: issuesOf(issues) },
  'request.malformed': () => ({ title: 'This address or input is not acceptable.' }),
  'runtime.run.not-found': () => ({ title: 'There is no such run here.', hint: 'It may belong to another tenant.' }),
  'consensus.decision.not-found': () => ({
    title: 'There is no such decision here.',
    hint: 'It may belong to another tenant.',
  }),
  'consensus.receipt.pending': () => ({
    title: 'The receipt is not ready yet.',
    hint: 'It is written once the decision is in a published checkpoint, usually within a second.',
  }),
  'consensus.decision.phase': ({ reason }) =>
    reason === 'commits-unpublished'
      ? {
          title: 'Ballots cannot be revealed yet.',
          hint: 'The commits must be in a published checkpoint first, usually within a second. Try again.',
        }
      : { title: 'The decision does not accept this now.', hint: 'Look at its state: it has gone on meanwhile.' },
  'consensus.ballot.late': () => ({ title: 'The decision is closed.', hint: 'Ballots that come now are not counted.' }),
  'consensus.ballot.signature': () => ({
    title: 'This is not the passkey that the decision knows.',
    hint: 'A decision holds the keys as they were when it opened. Sign with that passkey.',
  }),
  'consensus.ballot.equivocation': () => ({
    title: 'This voter has said something else before.',
    hint: 'Two different ballots make a voter void; both are kept as evidence.',
  }),
  'consensus.ballot.reveal-mismatch': () => ({
    title: 'This is not the ballot that was committed to.',
    hint: 'Open the copy that was saved when it was.',
  }),
  'consensus.voter-key.challenge': () => ({
    title: 'That took too long, or another tab was faster.',
    hint: 'Try again: the platform asks anew.',
  }),
  'consensus.voter-key.unproven': ({ reason }) => ({
    title: 'The passkey was not accepted.',
    hint:
      reason === 'user-verification'
        ? 'It must recognise you, by a fingerprint, your face or a PIN.'
        : 'Try again, or with another authenticator.',
  }),
  'consensus.voter-key.no-passkeys': () => ({
    title: 'This installation takes no passkeys.',
    hint: 'An operator names the console’s address in PASSKEY_ORIGINS.',
  }),
  'consensus.voter-key.not-found': () => ({ title: 'There is no such voter key, or it was revoked.' }),
  'runtime.run.finished': () => ({ title: 'The run has already ended.' }),
  'runtime.run.no-result': () => ({ title: 'The run has no result yet.' }),
  'runtime.run.without-result': () => ({ title: 'The run ended without a result.' }),
  'runtime.run.not-paused': () => ({ title: 'The run is not paused any more.' }),
  'runtime.wait.closed': () => ({
    title: 'This was answered before, or its time is over.',
    hint: 'The first answer was taken.',
  }),
  'runtime.answer.unfit': ({ expected }) => ({
    title: 'The answer does not fit the question.',
    ...(Array.isArray(expected) ? { hint: `Expected: ${expected.join(', ')}.` } : {}),
  }),
  'audit.log.empty': () => ({
    title: 'The log has no checkpoint yet.',
    hint: 'The first audited event creates one within a second.',
  }),
};

const waitOf = (seconds: unknown): string =>
  typeof seconds === 'number' && seconds > 90 ? `${Math.ceil(seconds / 60)} minutes` : `${said(seconds) ?? '30'} s`;

/** Says what went wrong and what to do; an error that is no refusal is a fault of the console itself. */
export function refusalText(error: unknown): RefusalText {
  if (error instanceof Explained) return { title: error.title, hint: error.hint };
  if (!(error instanceof ConclaveError)) {
    return { title: 'The console failed.', hint: error instanceof Error ? error.message : String(error) };
  }
  const { code, params } = error;
  return { ...(words[code]?.(params) ?? { title: errorCatalogue[code].title }), code };
}

/** Ids come from the address, everything else from forms. */
const isOfAddress = (issues: unknown): boolean =>
  Array.isArray(issues) && issues.length > 0 && (issues as { path?: unknown }[]).every(({ path }) => path === 'id');

function issuesOf(issues: unknown): string {
  const known = Array.isArray(issues) ? (issues as { path?: unknown; message?: unknown }[]) : [];
  const lines = known.map(({ path, message }) => [said(path), said(message)].filter(Boolean).join(': '));
  return lines.join('; ') || 'Correct it and try again.';
}
