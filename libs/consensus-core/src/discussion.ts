/**
 * What comes before a vote: proposals, one critique, revisions of one's own proposal, and the list of options that
 * they leave to be voted on.
 *
 * Everybody speaks at most once in each phase, signed; saying nothing is a contribution too, so that a phase can end
 * when all have spoken. Invariants: the options voted on are those of the terms followed by the proposals in the order
 * of the log, each as its author last put it; ballots are signed over that list. Texts are salted commitments, so they
 * can be removed from a receipt; authors are shown to nobody before the decision has ended.
 */
import { hex, jcs, sha256, utf8 } from '@conclave/audit-core';
import { signatureShape } from './ballot.js';
import { identifier, optionId, prose, seq, sha256Hex } from './primitives.js';
import { object, oneOf, where, type Of } from './shape.js';
import { seededOrder } from './tie-break.js';

export const optionShape = object({ id: optionId, title: prose(120) });
export type Option = Of<typeof optionShape>;

export const discussionPhases = ['propose', 'critique', 'revise'] as const;
export type DiscussionPhase = (typeof discussionPhases)[number];

/** What a voter says in one phase: an option (propose, revise), a text, both, or neither when there is nothing to say. */
export const contributionShape = where(
  where(
    object(
      { decisionId: identifier, voterId: identifier, phase: oneOf(...discussionPhases) },
      { option: optionShape, textSha256: sha256Hex },
    ),
    ({ phase, option }) => phase !== 'critique' || option === undefined,
    'no option in a critique',
  ),
  ({ phase, option, textSha256 }) => phase === 'critique' || option !== undefined || textSha256 === undefined,
  'an option with its text',
);
export type Contribution = Of<typeof contributionShape>;

/** A contribution as a receipt keeps it. */
export const spokenShape = object({ seq, contribution: contributionShape, signature: signatureShape });
export type Spoken = Of<typeof spokenShape>;

/** The exact bytes a voter signs to propose, criticise or revise; bound to the terms as a ballot is. */
export function contributionBytes(contribution: Contribution, termsSha256: string): Uint8Array {
  return utf8(`conclave/contribution/v1\n${termsSha256}\n${jcs(contribution)}`);
}

/** Why a contribution cannot follow these: what its shape alone does not tell. */
export function faultOfContribution(
  { phase, voterId, option: named }: Contribution,
  options: readonly Option[],
  earlier: readonly Pick<Spoken, 'contribution'>[],
): 'spoken' | 'option-taken' | 'not-the-author' | undefined {
  const said = earlier.map(({ contribution }) => contribution);
  if (said.some((other) => other.voterId === voterId && other.phase === phase)) return 'spoken';
  if (phase === 'revise') return named && named.id !== proposalOf(voterId, said)?.id ? 'not-the-author' : undefined;
  const taken = [...options, ...said.flatMap((other) => other.option ?? [])];
  return taken.some(({ id }) => id === named?.id) ? 'option-taken' : undefined;
}

/** Who may speak in a phase and has not: in `revise` the authors of proposals, otherwise everybody. */
export function silentIn(
  phase: DiscussionPhase,
  voters: readonly string[],
  spoken: readonly Pick<Spoken, 'contribution'>[],
): readonly string[] {
  const said = spoken.map(({ contribution }) => contribution);
  return voters.filter(
    (voterId) =>
      (phase !== 'revise' || proposalOf(voterId, said) !== undefined) &&
      !said.some((other) => other.voterId === voterId && other.phase === phase),
  );
}

/** The options to be voted on. */
export function agendaOf(
  options: readonly Option[],
  spoken: readonly Pick<Spoken, 'contribution'>[] = [],
): readonly Option[] {
  const proposed = new Map<string, Option>();
  for (const { contribution } of spoken) {
    if (contribution.option) proposed.set(contribution.option.id, contribution.option);
  }
  return [...options, ...proposed.values()];
}

/** What ballots sign in place of the terms' digest, which it contains, once the options are frozen. */
export function agendaDigest(termsSha256: string, agenda: readonly Option[]): string {
  return hex(sha256(utf8(`conclave/agenda/v1\n${termsSha256}\n${jcs(agenda)}`)));
}

/** Whether anything comes before the vote. */
export function hasRounds(terms: {
  readonly rounds?: { readonly propose?: boolean; readonly critique?: number };
}): boolean {
  return terms.rounds?.propose === true || terms.rounds?.critique === 1;
}

/**
 * The order in which a voter is shown the options, so that no place on the list is everybody's first: the seeded order
 * under SHA-256 of decision and voter. Anybody with the receipt computes it again.
 */
export function optionsFor<T extends { readonly id: string }>(
  decisionId: string,
  voterId: string,
  options: readonly T[],
): readonly T[] {
  const seed = hex(sha256(utf8(`conclave/shuffle/v1\n${jcs([decisionId, voterId])}`)));
  const shown = new Map(options.map((option) => [option.id, option]));
  return seededOrder(seed, [...shown.keys()]).map((id) => shown.get(id)!);
}

function proposalOf(voterId: string, said: readonly Contribution[]): Option | undefined {
  return said.find((other) => other.phase === 'propose' && other.voterId === voterId)?.option;
}
