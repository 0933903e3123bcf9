/** What mail says, as plain text and as simple HTML of the same words. Pure; names in it are other people's text. */
import type { mails } from '@conclave/contracts';

export interface MailFacts {
  readonly kind: mails.MailKind;
  /** Whom it is to. */
  readonly name: string;
  readonly tenant: string;
  /** Where people use the installation. */
  readonly site: string;
  /** What it brings, and until when. */
  readonly link?: { readonly url: string; readonly expiresAt: Date };
  readonly madeBy?: string;
  /** When it happened. */
  readonly at: Date;
}

export interface MailText {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const ADVICE = 'If this was not you, tell an administrator at once and end the sign-ins you do not know, under You.';

const words: Readonly<Record<mails.MailKind, (facts: MailFacts) => { subject: string; says: readonly string[] }>> = {
  invitation: ({ tenant, madeBy }) => ({
    subject: `You are invited to ${tenant}`,
    says: [
      `${madeBy ?? 'An administrator'} invites you to ${tenant} on Conclave.`,
      'The link lets you in once. It asks your browser to make a passkey, with which you sign in from then on.',
    ],
  }),
  recovery: ({ tenant }) => ({
    subject: `Your way back into ${tenant}`,
    says: [
      `An administrator of ${tenant} made this link so that you can make a new passkey.`,
      'Once it is used, your old passkeys open nothing any more, and every browser you are signed in with is signed out.',
    ],
  }),
  recovered: ({ tenant }) => ({
    subject: `A recovery link of yours was used at ${tenant}`,
    says: ['A new passkey was made for you with a recovery link. Your old passkeys open nothing any more.', ADVICE],
  }),
  'new-device': ({ tenant }) => ({
    subject: `You signed in to ${tenant} with a new browser`,
    says: [`Somebody signed in to ${tenant} as you, with a browser that was not seen before.`, ADVICE],
  }),
  'passkey-added': ({ tenant }) => ({
    subject: `A passkey was added to your account at ${tenant}`,
    says: ['A passkey was added to your account. Whoever has it can sign in as you.', ADVICE],
  }),
  'passkey-removed': ({ tenant }) => ({
    subject: `A passkey was removed from your account at ${tenant}`,
    says: ['A passkey was removed from your account, and the sign-ins it opened have ended.', ADVICE],
  }),
};

export function mailText(facts: MailFacts): MailText {
  const { subject, says } = words[facts.kind](facts);
  const { link, name, site } = facts;
  const hello = `Hello ${name},`;
  const until = link && `It is good until ${moment(link.expiresAt)} and works once. Do not pass it on.`;
  const when = `${link ? 'Made' : 'It happened'} at ${moment(facts.at)}. ${site}`;
  return {
    subject: oneLine(subject),
    text: [hello, ...says, ...(link ? [link.url, until] : []), when].join('\n\n') + '\n',
    html: [
      '<!doctype html><html lang="en"><body style="font-family:sans-serif;line-height:1.5">',
      ...[hello, ...says].map(paragraph),
      ...(link ? [`<p><a href="${escaped(link.url)}">${escaped(link.url)}</a></p>`, paragraph(until ?? '')] : []),
      paragraph(when),
      '</body></html>',
    ].join('\n'),
  };
}

const moment = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
const paragraph = (text: string): string => `<p>${escaped(text)}</p>`;
/** A header is one line, whatever a tenant is called. */
const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ');
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
