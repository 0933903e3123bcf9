/**
 * The predicate of a decision receipt, `https://conclave.dev/decision-receipt/v1`: the whole decision as data.
 *
 * Source: in-toto Statement v1 (predicate extension); bytes are RFC 8785 (JCS) of the statement.
 * Invariants: it is a pure function of the decision's events, so rebuilding it gives equal bytes; it carries the signed
 * statements themselves, so a reader re-derives every status, the tally and the outcome instead of believing them.
 *
 * What it proves, once its signatures and its log entry are verified: these keys made these statements, in this
 * window, under this rule, with this result, logged and not altered since. What it does not prove: that the voters were
 * right; that an evaluator's digest is what really ran; that an operator holding *every* voter key did not stage the
 * vote (read `custody`); or that no ballot was withheld from it — the voter who holds the signed ballot can show that.
 */
import { Canonical, hex, jcs, sha256, utf8 } from '@conclave/audit-core';
import { statementShape } from '../ballot.js';
import { spokenShape } from '../discussion.js';
import { identifier, label, optionId, seq, sha256Hex, timestamp } from '../primitives.js';
import { integer, json, list, object, oneOf, read, record, text, type Of, type Read } from '../shape.js';
import { publicTerms, publicTermsOptional } from '../terms.js';
import { vetoedShape } from '../veto.js';

export const PREDICATE_TYPE = 'https://conclave.dev/decision-receipt/v1';
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';

/** How a decision can end with a receipt; the names are those of its phases. A canceled one has an `opened` entry only. */
export const finalPhases = ['sealed', 'no-quorum', 'tied', 'vetoed', 'expired'] as const;
export type FinalPhase = (typeof finalPhases)[number];

/** What became of a voter who said something; all but `counted` and `abstained` are absent for the quorum. */
const finalStatuses = ['counted', 'abstained', 'void', 'unrevealed'] as const;
export type FinalStatus = (typeof finalStatuses)[number];

/** What a gate found: hard evidence, without weight. */
export const findingOfGate = {
  gate: label(100),
  status: oneOf('green', 'red', 'abstained'),
  /** Digest of the gate's full report. */
  sha256: sha256Hex,
  reason: text(4_000),
};
export const evidenceShape = object({ ...findingOfGate, seq });
export type Evidence = Of<typeof evidenceShape>;

/** Why a decision ended as it did; a closed set, prose is the reader's. */
export const outcomeReasons = [
  'threshold-met',
  'threshold-missed',
  'most-preferred',
  'gate-red',
  'evidence-missing',
  'all-abstained',
  'no-quorum',
  'below-threshold',
  'tied',
  'tie-status-quo',
  'tie-seeded',
  'too-few-families',
  'role-missing',
  'vetoed',
] as const;

export const outcomeShape = object({
  status: oneOf('approved', 'rejected', 'decided', 'undecided'),
  winners: list(optionId, 100),
  reason: oneOf(...outcomeReasons),
});
export type Outcome = Of<typeof outcomeShape>;

export const tallyShape = object({
  status: oneOf('decided', 'tied', 'no-quorum', 'below-threshold'),
  winners: list(optionId, 100),
  /** All options in tiers from best to worst. */
  ranking: list(list(optionId, 100, 1), 100),
  /** The rule's own figures: matrix, scores, shares. */
  detail: record(text(100, 1), json, 50),
});
/** The result of counting; plain JSON with integers only. */
export type TallyResult = Of<typeof tallyShape>;

const predicateShape = object(
  {
    ...publicTerms,
    evidence: list(evidenceShape, 50),
    /** Voters who said anything, in the order of the electorate, with all they signed in the order of the log. */
    ballots: list(
      object({ voterId: identifier, status: oneOf(...finalStatuses), statements: list(statementShape, 4, 1) }),
      1_000,
    ),
    phase: oneOf(...finalPhases),
    tally: tallyShape,
    outcome: outcomeShape,
    /** Where each window opened and shut, by event number; those between only where the terms have such a phase. */
    window: object(
      { opened: seq, closed: seq, ended: seq },
      { proposalsClosed: seq, critiquesClosed: seq, frozen: seq, commitsClosed: seq },
    ),
    times: object({ openedAt: timestamp, endedAt: timestamp }),
  },
  {
    ...publicTermsOptional,
    /** What was said before the vote, in the order of the log; the options voted on follow from it. */
    discussion: list(spokenShape, 3_000),
    /** Who was asked when, in decisions that ask in waves. */
    asked: list(object({ seq, voters: list(identifier, 1_000, 1) }), 1_000),
    /** The decision stopped because nobody left could change its outcome; `notAsked` were spared. */
    stopped: object({ cause: oneOf('certain'), notAsked: list(identifier, 1_000) }),
    cost: object({ skippedByEarlyStop: integer(0, 1_000) }),
    /** The veto that ended the decision, at `window.closed`. */
    vetoed: vetoedShape,
  },
);
export type Predicate = Of<typeof predicateShape>;

/** Reads a predicate of any origin strictly; never throws on data, names the path of the first fault. */
export function parsePredicate(value: unknown): Read<Predicate> {
  return read(predicateShape, value);
}

const digests = record(text(50, 1), text(128, 1, /^[0-9a-f]+$/), 4);
export const statementOfShape = object({
  _type: oneOf(STATEMENT_TYPE),
  subject: list(object({ name: text(500, 1), digest: digests }), 4, 1),
  predicateType: oneOf(PREDICATE_TYPE),
  predicate: predicateShape,
});
/** The in-toto Statement that carries a predicate and names what it is about. */
export type ReceiptStatement = Of<typeof statementOfShape>;

/** Reads a statement of any origin strictly; that its subjects follow from its predicate is checked by comparing with {@link statementOf}. */
export function parseStatement(value: unknown): Read<ReceiptStatement> {
  return read(statementOfShape, value);
}

/** The statement of a predicate: its subjects are the decision itself and, for a change, the head commit and the tree. */
export function statementOf(predicate: Predicate): ReceiptStatement {
  return { ...envelopeOf(predicate, jcs(predicate)), predicate };
}

/** The bytes that are signed and whose SHA-256 is logged. */
export function payloadBytes(predicate: Predicate): Uint8Array {
  const text = jcs(predicate);
  return utf8(jcs({ ...envelopeOf(predicate, text), predicate: new Canonical(text) }));
}

/** What a statement holds beside its predicate, whose canonical text it is about. */
function envelopeOf({ decisionId, subject }: Predicate, text: string): Omit<ReceiptStatement, 'predicate'> {
  const digest = { sha256: hex(sha256(utf8(text))) };
  return {
    _type: STATEMENT_TYPE,
    subject: [
      { name: `decision/${decisionId}`, digest },
      ...(subject
        ? [
            { name: subject.repository, digest: { gitCommit: subject.head } },
            { name: `${subject.repository}#tree`, digest: { gitTree: subject.tree } },
          ]
        : []),
    ],
    predicateType: PREDICATE_TYPE,
  };
}
