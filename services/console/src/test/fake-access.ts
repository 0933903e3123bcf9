/** Access reviews and emergency access of the made-up workspace. */
import {
  accessReviews,
  breakGlass,
  ConclaveError,
  newId,
  records,
  type Contract,
  type ReplyOf,
  type RequestOf,
} from '@conclave/contracts';
import { iso } from './sample-reviews.js';
import type { World } from './world.js';

type Review = ReplyOf<typeof accessReviews.getAccessReview>;
type Access = ReplyOf<typeof accessReviews.decideAccess>;
type Emergency = ReplyOf<typeof breakGlass.openBreakGlass>;
type Handler = (request: never) => unknown;

const HOUR = 3_600_000;
/** A line as an export of the log has them. */
const LOGGED = '{"entry":"access-review.closed"}';

/** Answers what is asked about access; one emergency is over, and nobody has judged it. */
export function accessHandlers({ me, people, keys }: World): [string, Handler][] {
  const handlers: [string, Handler][] = [];
  const handle = ({ subject }: Contract, handler: Handler): void => void handlers.push([subject, handler]);
  const reviews: Review[] = [];
  const accesses = new Map<string, Access[]>();
  const behind = (id: string): Review => {
    const review = reviews.find((one) => one.id === id);
    if (!review) throw new ConclaveError('auth.access-review.not-found');
    const items = accesses.get(id)!;
    return Object.assign(review, { decided: items.filter(({ decision }) => decision).length });
  };
  handle(
    accessReviews.createAccessReview,
    ({ name, dueAt, undecided }: RequestOf<typeof accessReviews.createAccessReview>) => {
      const id = newId('accessReview');
      const items: Access[] = [
        ...people.members.map(({ principal, role }) => ({
          subject: principal.id,
          kind: 'member' as const,
          principal,
          role,
        })),
        ...keys
          .filter(({ revokedAt }) => revokedAt === undefined)
          .map(({ id: subject, name: called, scopes }) => ({
            ...{
              subject,
              kind: 'api-key' as const,
              name: called,
              scopes: [...scopes],
              principal: people.members[2]!.principal,
            },
          })),
      ];
      accesses.set(id, items);
      const times = { createdAt: iso(Date.now()), createdBy: me.principal.id, dueAt };
      reviews.unshift({ id, name, ...times, undecided, items: items.length, decided: 0 });
      return reviews[0];
    },
  );
  handle(accessReviews.listAccessReviews, () => ({ items: reviews.map(({ id }) => behind(id)) }));
  handle(accessReviews.getAccessReview, ({ id }: { id: string }) => behind(id));
  handle(accessReviews.listAccessReviewItems, ({ id }: { id: string }) => ({ items: accesses.get(id) }));
  handle(accessReviews.decideAccess, ({ id, subject, decision }: RequestOf<typeof accessReviews.decideAccess>) => {
    const access = accesses.get(id)!.find((one) => one.subject === subject)!;
    if (access.principal.id === me.principal.id) throw new ConclaveError('auth.access-review.own-access');
    return Object.assign(access, { decision, decidedBy: me.principal.id, decidedAt: iso(Date.now()) });
  });
  handle(accessReviews.closeAccessReview, ({ id }: { id: string }) => {
    const review = behind(id);
    for (const access of accesses.get(id)!)
      access.outcome = (access.decision ?? review.undecided) === 'keep' ? 'kept' : 'revoked';
    return Object.assign(review, { closedAt: iso(Date.now()), closedBy: me.principal.id, sha256: 'ab'.repeat(32) });
  });
  handle(accessReviews.getAccessReviewReport, ({ id }: { id: string }) => ({
    items: [
      '{"format":"conclave/access-review/v1"}',
      ...accesses.get(id)!.map(({ subject }) => `{"subject":"${subject}"}`),
    ],
  }));
  handle(records.createExport, () => ({
    ...{ id: newId('export'), log: 1, format: 'jsonl', from: 0, to: 1, size: 1, state: 'ready' },
    ...{ progress: { entries: 1, sent: 0 }, createdBy: me.principal.id, createdAt: iso(Date.now()) },
  }));
  handle(records.getExportContent, () => [LOGGED, LOGGED, LOGGED].join('\n'));
  for (const [contract, handler] of emergencyHandlers(me, people.members[1]!.principal)) handle(contract, handler);
  return handlers;
}

function emergencyHandlers(me: World['me'], other: Emergency['principal']): [Contract, Handler][] {
  const taken: Emergency[] = [
    {
      ...{ id: newId('breakGlass'), principal: other, signIn: newId('signIn'), reason: 'The queue stands still.' },
      ...{ openedAt: iso(Date.now() - 9 * HOUR), endsAt: iso(Date.now() - 8 * HOUR) },
    },
  ];
  const behind = (id: string): Emergency => taken.find((one) => one.id === id)!;
  const open = ({ reason, minutes }: RequestOf<typeof breakGlass.openBreakGlass>): Emergency => {
    const times = { openedAt: iso(Date.now()), endsAt: iso(Date.now() + minutes * 60_000) };
    const access = { id: newId('breakGlass'), principal: me.principal, signIn: newId('signIn'), reason, ...times };
    taken.unshift(access);
    me.breakGlass = { id: access.id, endsAt: access.endsAt };
    return access;
  };
  const end = ({ id }: { id: string }): Emergency => {
    delete me.breakGlass;
    return Object.assign(behind(id), { endedAt: iso(Date.now()), endedBy: me.principal.id });
  };
  const judge = ({ id, finding, note }: RequestOf<typeof breakGlass.reviewBreakGlass>): Emergency =>
    Object.assign(behind(id), { review: { finding, note, by: me.principal.id, at: iso(Date.now()) } });
  return [
    [breakGlass.openBreakGlass, open],
    [breakGlass.listBreakGlass, () => ({ items: taken })],
    [breakGlass.endBreakGlass, end],
    [breakGlass.reviewBreakGlass, judge],
  ];
}
