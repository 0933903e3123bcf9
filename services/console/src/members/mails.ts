import { mails, type ReplyOf } from '@conclave/contracts';
import { useQuery } from '@tanstack/react-query';
import { LIVE_MS, ask } from '../api/queries.js';

type Mail = ReplyOf<typeof mails.listMails>['items'][number];

/** Whether mail is set up, and what became of the last hundred. */
export function useMails(): { readonly available: boolean; readonly items: readonly Mail[] } {
  const { data } = useQuery({ ...ask(mails.listMails, { limit: 100 }), refetchInterval: LIVE_MS });
  return data ?? { available: false, items: [] };
}

/** What became of the last invitation that was sent to somebody, in words. */
export function wordOf(items: readonly Mail[], principal: string): string | undefined {
  const last = items.find((mail) => mail.kind === 'invitation' && mail.principal === principal);
  if (last === undefined) return undefined;
  if (last.state === 'sent') return 'sent by e-mail';
  if (last.state === 'failed') return `the e-mail failed: ${last.lastError ?? 'unknown'}`;
  return last.lastError === undefined ? 'e-mail on its way' : `e-mail waits: ${last.lastError}`;
}
