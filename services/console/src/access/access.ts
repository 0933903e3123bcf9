import type { ReplyOf, accessReviews } from '@conclave/contracts';

export type Access = ReplyOf<typeof accessReviews.decideAccess>;

/** What an access is called. */
export const titleOf = ({ kind, principal, name }: Access): string =>
  kind === 'member' ? principal.name : `the key ${name ?? ''} of ${principal.name}`;
