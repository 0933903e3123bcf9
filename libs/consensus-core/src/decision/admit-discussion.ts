/**
 * Admission of what is said before the vote, and of what ends it: contributions, vetoes, the close of each phase.
 *
 * A contribution is taken only in its own phase and only once; the same again is a repeat, whenever it comes. Nothing
 * said here ever makes a voter void: only ballots can contradict each other.
 */
import { jcs } from '@conclave/audit-core';
import { signatureShape, signedBy } from '../ballot.js';
import {
  agendaDigest,
  agendaOf,
  contributionBytes,
  contributionShape,
  faultOfContribution,
  silentIn,
  type DiscussionPhase,
} from '../discussion.js';
import { LIMITS, salt } from '../primitives.js';
import { json, object, read, text, where } from '../shape.js';
import { dataDigest, openingDigestOf } from '../terms.js';
import { vetoBytes, vetoShape } from '../veto.js';

import { accept, refuse, repeated, type Admission } from './admission.js';
import { tooLate } from './admit-statement.js';
import type { Decision } from './decision.js';
import { transitions } from './decision.states.js';
import type { CloseCause, SpokenEvent } from './events.js';

const contributionCommand = where(
  object({ contribution: json, signature: signatureShape }, { text: text(20_000, 1), salt }),
  (said) => (said.text === undefined) === (said.salt === undefined),
  'a text with its salt',
);
const vetoCommand = object({ veto: vetoShape, signature: signatureShape });

const eventOf: Readonly<Record<DiscussionPhase, SpokenEvent['type']>> = {
  propose: 'proposal.made',
  critique: 'critique.made',
  revise: 'revision.made',
};

/** Records a signed proposal, critique or revision, or that a voter has none. */
export async function admitContribution(decision: Decision, command: unknown): Promise<Admission> {
  const sent = read(contributionCommand, command);
  if (!sent.ok) return refuse('consensus.contribution.malformed', 'shape', sent.path);
  const { contribution: said, ...rest } = sent.value;
  const textSha256 = rest.text !== undefined && rest.salt !== undefined && dataDigest(rest.salt, rest.text);
  const known = read(contributionShape, textSha256 ? { ...Object(said), textSha256 } : said);
  if (!known.ok) return refuse('consensus.contribution.malformed', 'shape', `/contribution${known.path}`);
  const contribution = known.value;
  const { terms, discussion, phase } = decision;
  if (contribution.decisionId !== terms.decisionId)
    return refuse('consensus.contribution.malformed', 'foreign-decision', '/contribution/decisionId');
  const voter = terms.electorate.find(({ voterId }) => voterId === contribution.voterId);
  if (!voter) return refuse('consensus.ballot.not-a-voter', 'not-a-voter');
  if (!(await signedBy(voter, contributionBytes(contribution, openingDigestOf(decision.terms)), rest.signature)))
    return refuse('consensus.ballot.signature', 'signature');
  if (discussion.some((earlier) => jcs(earlier.contribution) === jcs(contribution))) return repeated;
  const type = eventOf[contribution.phase];
  if (!transitions[phase][type]) return refuse('consensus.decision.phase', phase);
  const fault = faultOfContribution(contribution, terms.options, discussion);
  if (fault === 'not-the-author') return refuse('consensus.contribution.malformed', fault, '/contribution/option/id');
  if (fault) return refuse('consensus.contribution.conflict', fault);
  if (phase === 'propose' && contribution.option && agendaOf(terms.options, discussion).length >= LIMITS.options)
    return refuse('consensus.contribution.conflict', 'options-full');
  return accept({ type, data: { ...rest, contribution } });
}

/** Ends the decision by the word of one voter with the right role. */
export async function admitVeto(decision: Decision, command: unknown): Promise<Admission> {
  const known = read(vetoCommand, command);
  if (!known.ok) return refuse('consensus.veto.malformed', 'shape', known.path);
  const { veto, signature } = known.value;
  const { terms, phase } = decision;
  if (veto.decisionId !== terms.decisionId)
    return refuse('consensus.veto.malformed', 'foreign-decision', '/veto/decisionId');
  const voter = terms.electorate.find(({ voterId }) => voterId === veto.voterId);
  if (!voter) return refuse('consensus.ballot.not-a-voter', 'not-a-voter');
  if (!voter.roles.some((role) => terms.veto?.roles.includes(role)))
    return refuse('consensus.veto.role', 'no-veto-role');
  if (!(await signedBy(voter, vetoBytes(veto, openingDigestOf(decision.terms)), signature)))
    return refuse('consensus.ballot.signature', 'signature');
  if (decision.veto && jcs(decision.veto.veto) === jcs(veto)) return repeated;
  if (!transitions[phase]['veto.cast']) return tooLate(veto.voterId, known.value);
  return accept({ type: 'veto.cast', data: known.value });
}

/** Whether everybody who may speak in the phase before the vote has spoken. */
export function readyToCloseDiscussion({ phase, terms, discussion }: Decision): boolean {
  if (phase !== 'propose' && phase !== 'critique' && phase !== 'revise') return false;
  const voters = terms.electorate.map(({ voterId }) => voterId);
  return silentIn(phase, voters, discussion).length === 0;
}

/** Ends the phase before the vote: proposals lead to the critique if there is one, and otherwise the options freeze. */
export function admitDiscussionClose(decision: Decision, cause: Exclude<CloseCause, 'certain'>): Admission {
  const { phase, terms, discussion } = decision;
  if (phase !== 'propose' && phase !== 'critique' && phase !== 'revise')
    return refuse('consensus.decision.phase', phase);
  if (cause === 'complete' && !readyToCloseDiscussion(decision))
    return refuse('consensus.decision.phase', 'incomplete');
  if (phase === 'critique') return accept({ type: 'critiques.closed', data: { cause } });
  if (phase === 'propose' && terms.rounds?.critique === 1) return accept({ type: 'proposals.closed', data: { cause } });
  const agendaSha256 = agendaDigest(openingDigestOf(decision.terms), agendaOf(terms.options, discussion));
  return accept({ type: 'options.frozen', data: { cause, agendaSha256 } });
}
