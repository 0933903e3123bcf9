/**
 * Whether everything in a receipt happened where it may: the windows of its phases by event number, nothing outside
 * them, no number twice and none left out.
 */
import type { Statement } from '../ballot.js';
import { hasRounds } from '../discussion.js';
import { fault, repeats, type BallotFault } from './ballot-fault.js';
import type { Predicate } from './predicate.js';

/**
 * Everything said on the options follows their freezing; commitments and direct abstentions precede the close of the
 * commits, reveals follow it.
 */
export function isInWindow({ secrecy, window }: Predicate, { seq, commit, ballot, salt }: Statement): boolean {
  if (seq <= (window.frozen ?? window.opened) || seq >= window.closed) return false;
  if (secrecy === 'open') return commit === undefined && salt === undefined;
  const commitsClosed = window.commitsClosed ?? window.closed;
  if (ballot && salt !== undefined) return seq > commitsClosed;
  return seq < commitsClosed && (commit !== undefined || ballot?.vote === 'abstain');
}

export function checkWindow(predicate: Predicate): BallotFault[] {
  const { window, evidence, ballots, discussion = [], asked = [], vetoed } = predicate;
  const { opened, proposalsClosed, critiquesClosed, frozen, commitsClosed, closed, ended } = window;
  const order = [opened, proposalsClosed, critiquesClosed, frozen, commitsClosed, closed, ended].filter(
    (place) => place !== undefined,
  );
  const ordered = opened === 1 && order.every((place, at) => at === 0 || place > order[at - 1]!);
  const statements = ballots.flatMap((record) => record.statements);
  const said = [...evidence, ...statements, ...discussion, ...asked];
  const places = said.map(({ seq }) => seq).concat(order);
  return [
    ...(ordered && hasItsWindows(predicate) ? [] : [fault('window', '/window')]),
    ...(vetoed === undefined || vetoed.seq === closed ? [] : [fault('window', '/vetoed')]),
    ...(repeats(places) ? [fault('seq-repeated', '/window')] : []),
    ...(places.length < ended ? [fault('seq-gap', '/window')] : []),
    ...evidence.flatMap(({ seq }, index) =>
      seq > opened && seq < closed ? [] : [fault('window', `/evidence/${index}`)],
    ),
  ];
}

/** Every window that the terms call for is there and no other; a veto may have cut the last ones off. */
function hasItsWindows(predicate: Predicate): boolean {
  const { rounds, secrecy, window, vetoed } = predicate;
  const critique = rounds?.critique === 1;
  const due: readonly (readonly [boolean, number | undefined])[] = [
    [critique && rounds?.propose === true, window.proposalsClosed],
    [critique, window.critiquesClosed],
    [hasRounds(predicate), window.frozen],
    [secrecy === 'sealed', window.commitsClosed],
  ];
  const called = due.filter(([is]) => is).map(([, place]) => place);
  const missing = called.indexOf(undefined);
  return (
    due.every(([is, place]) => is || place === undefined) &&
    (missing < 0 || (vetoed !== undefined && called.slice(missing).every((place) => place === undefined)))
  );
}
