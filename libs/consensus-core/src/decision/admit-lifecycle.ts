/**
 * Admission of everything that is not signed by a voter: opening, evidence, closing, sealing, canceling.
 *
 * Invariants: terms never contradict themselves once opened; evidence is immutable; a decision closes when everybody
 * has spoken and every gate has reported, or at its deadline, and never earlier: a red gate fixes the outcome but the
 * jurors' findings are still heard.
 */
import { faultOfElectorate } from '../electorate.js';
import { prose } from '../primitives.js';
import { findingOfGate } from '../receipt/predicate.js';
import { object, read } from '../shape.js';
import { faultOfNewRule, faultOfRule, type TallyInput } from '../tally.js';
import { termsShape, type Terms } from '../terms.js';
import { isSafeKey } from '../webauthn.js';
import { accept, refuse, repeated, type Admission } from './admission.js';
import { conclusionOf } from './conclusion.js';
import type { Decision } from './decision.js';
import { transitions } from './decision.states.js';
import { isCertain, nextWave } from './early-stop.js';
import type { CloseCause } from './events.js';
import { standingOf } from './standing.js';

const evidenceCommand = object(findingOfGate);
const cancelReason = prose(400);

/** Opens a decision under terms that do not contradict themselves. */
export function admitOpening(terms: unknown): Admission {
  const known = read(termsShape, terms);
  if (!known.ok) return refuse('consensus.decision.malformed', 'shape', known.path);
  const fault = faultOfTerms(known.value);
  if (fault) return refuse('consensus.decision.malformed', fault.reason, fault.path);
  return accept({ type: 'decision.opened', data: known.value });
}

/** Records what a gate found. The same report again is a repeat. */
export function admitEvidence(decision: Decision, command: unknown): Admission {
  const known = read(evidenceCommand, command);
  if (!known.ok) return refuse('consensus.decision.malformed', 'shape', known.path);
  const { gate, status, sha256, reason } = known.value;
  if (!decision.terms.gates.includes(gate)) return refuse('consensus.evidence.unknown-gate', 'unknown-gate', '/gate');
  const earlier = decision.evidence.get(gate);
  if (earlier) {
    const same = earlier.status === status && earlier.sha256 === sha256 && earlier.reason === reason;
    return same ? repeated : refuse('consensus.evidence.conflict', 'conflict', '/gate');
  }
  if (!transitions[decision.phase]['evidence.recorded']) return refuse('consensus.decision.phase', decision.phase);
  return accept({ type: 'evidence.recorded', data: known.value });
}

/** Whether every voter of a sealed decision has committed, abstained or become void. */
export function readyToCloseCommits(decision: Decision): boolean {
  return decision.phase === 'commit' && !hasVoter(decision, 'pending');
}

/** Whether nothing left to be said could change the outcome, in a decision whose terms let that end it. */
export function readyToStop(decision: Decision): boolean {
  return decision.phase === 'ballots' && decision.terms.earlyStop === 'certain' && isCertain(decision);
}

/** Asks the next voters, in a decision that asks in waves; the first are asked as soon as the vote begins. */
export function admitWave(decision: Decision): Admission {
  if (decision.phase !== 'ballots' || !decision.terms.waves) return refuse('consensus.decision.phase', decision.phase);
  const voters = nextWave(
    decision,
    decision.asked.flatMap((wave) => wave.voters),
  );
  return voters.length === 0 ? repeated : accept({ type: 'wave.opened', data: { voters } });
}

/** Whether every voter has spoken or become void, and every gate has reported. */
export function readyToClose(decision: Decision): boolean {
  const { phase, terms, evidence } = decision;
  const heard = phase === 'ballots' ? !hasVoter(decision, 'pending') : !hasVoter(decision, 'committed');
  return (phase === 'ballots' || phase === 'reveal') && heard && terms.gates.every((gate) => evidence.has(gate));
}

/** Ends the time for commitments; from then on commitments are late and reveals welcome. */
export function admitCommitsClose(decision: Decision, cause: Exclude<CloseCause, 'certain'>): Admission {
  if (decision.commitsClosed !== undefined) return repeated;
  if (decision.phase !== 'commit') return refuse('consensus.decision.phase', decision.phase);
  if (cause === 'complete' && !readyToCloseCommits(decision)) return refuse('consensus.decision.phase', 'incomplete');
  return accept({ type: 'commits.closed', data: { cause } });
}

/** Ends the time for ballots; what was committed and not revealed is absent. */
export function admitClose(decision: Decision, cause: CloseCause): Admission {
  if (decision.closed !== undefined) return repeated;
  if (!transitions[decision.phase]['ballots.closed']) return refuse('consensus.decision.phase', decision.phase);
  const early = (cause === 'complete' && !readyToClose(decision)) || (cause === 'certain' && !readyToStop(decision));
  return early ? refuse('consensus.decision.phase', 'incomplete') : accept({ type: 'ballots.closed', data: { cause } });
}

/** Writes the conclusion down; the result is final. */
export function admitSeal(decision: Decision): Admission {
  if (decision.ended?.type === 'decision.sealed') return repeated;
  if (!transitions[decision.phase]['decision.sealed']) return refuse('consensus.decision.phase', decision.phase);
  const conclusion = conclusionOf(decision);
  return conclusion.ok
    ? accept({ type: 'decision.sealed', data: conclusion.value })
    : { events: [], refusal: conclusion.refusal };
}

/** Gives a decision up; there will be no receipt, and the log keeps its opening without a sealing. */
export function admitCancel(decision: Decision, reason: unknown): Admission {
  const known = read(cancelReason, reason);
  if (!known.ok) return refuse('consensus.decision.malformed', 'shape', '/reason');
  if (decision.phase === 'canceled') return repeated;
  if (!transitions[decision.phase]['decision.canceled']) return refuse('consensus.decision.phase', decision.phase);
  return accept({ type: 'decision.canceled', data: { reason: known.value } });
}

function hasVoter({ terms, statements }: Decision, status: 'pending' | 'committed'): boolean {
  return terms.electorate.some(({ voterId }) => standingOf(statements.get(voterId) ?? []).status === status);
}

function faultOfTerms(terms: Terms) {
  const { electorate, gates, options, rule, electorateRules } = terms;
  if (repeats(electorate.map(({ voterId }) => voterId))) return { reason: 'voter-repeated', path: '/electorate' };
  if (repeats(electorate.map(({ publicKey }) => publicKey))) return { reason: 'key-repeated', path: '/electorate' };
  const unsafe = electorate.findIndex((voter) => !isSafeKey(voter));
  if (unsafe >= 0) return { reason: 'key-refused', path: `/electorate/${unsafe}/publicKey` };
  if (repeats(gates)) return { reason: 'gate-repeated', path: '/gates' };
  const contest: Pick<TallyInput, 'options' | 'rule' | 'eligibleWeight'> = {
    options: options.map(({ id }) => id),
    rule,
    eligibleWeight: 1,
  };
  return (
    faultOfRule(contest) ??
    faultOfNewRule(rule) ??
    faultOfProtocol(terms) ??
    faultOfElectorate(electorate, electorateRules)
  );
}

/** Terms that do not go together, of how the decision proceeds. */
export function faultOfProtocol(
  terms: Omit<Terms, 'question' | 'questionSalt'>,
): { readonly reason: string; readonly path: string } | undefined {
  const { electorate, options, rule, secrecy, rounds, veto, tie, statusQuo, earlyStop, waves } = terms;
  const gate = rule.method === 'approval-gate';
  if (gate && rounds) return { reason: 'rounds-foreign', path: '/rounds' };
  if (gate && tie) return { reason: 'tie-foreign', path: '/tie' };
  if (statusQuo !== undefined && (tie !== 'status-quo' || !options.some(({ id }) => id === statusQuo)))
    return { reason: 'status-quo-unknown', path: '/statusQuo' };
  if (tie === 'status-quo' && statusQuo === undefined && rule.statusQuo === undefined)
    return { reason: 'status-quo-missing', path: '/tie' };
  // In the open, whoever votes last knows what is tied and could choose words that break it.
  if (tie === 'seeded' && secrecy === 'open') return { reason: 'seeded-needs-sealed', path: '/tie' };
  if (waves && earlyStop !== 'certain') return { reason: 'waves-need-early-stop', path: '/waves' };
  // Commitments say nothing that could be counted before all are opened.
  if (earlyStop === 'certain' && secrecy === 'sealed') return { reason: 'early-stop-needs-open', path: '/earlyStop' };
  if (veto && !electorate.some(({ roles }) => roles.some((role) => veto.roles.includes(role))))
    return { reason: 'veto-without-holder', path: '/veto' };
  return undefined;
}

function repeats(names: readonly string[]): boolean {
  return new Set(names).size < names.length;
}
