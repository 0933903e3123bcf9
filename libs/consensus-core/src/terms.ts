/**
 * The terms of a decision: everything that is fixed when it opens and can never be amended.
 *
 * A wish to change them is a wish for another decision: cancel and open again. The keys of the electorate are frozen
 * here, so a later rotation or revocation changes nothing that was already opened.
 */
import { concatBytes, fromBase64, hex, jcs, sha256, utf8 } from '@conclave/audit-core';
import {
  gitObjectId,
  identifier,
  label,
  LIMITS,
  optionId,
  prose,
  publicKey,
  salt,
  sha256Hex,
  timestamp,
  weight,
} from './primitives.js';
import { optionShape } from './discussion.js';
import { electorateRulesShape } from './electorate.js';
import { ruleShape } from './rules/rule.js';
import { flag, integer, list, object, oneOf, where, type Of } from './shape.js';
import { fitsItsAlgorithm, relyingPartyShape, signatureAlgorithms } from './webauthn.js';

/** Who votes, with what key, and who holds that key. */
const voterShape = where(
  object(
    {
      voterId: identifier,
      kind: oneOf('check', 'llm', 'cli', 'remote', 'human'),
      /** A label; for people a pseudonym, because receipts travel. */
      name: prose(120),
      /** The evaluator's lineage: model vendor line, check author, person. */
      family: label(100),
      algorithm: oneOf(...signatureAlgorithms),
      publicKey,
      custody: oneOf('platform', 'external', 'passkey'),
      roles: list(label(100), 20),
      weight,
    },
    {
      /**
       * What evaluates, so that a deterministic juror can be run again. Of what the platform ships, `sha256` is the digest
       * of its name, `kind/id@version`: it pins a version, not the code that ran.
       */
      evaluator: object({ id: label(200), version: label(100), sha256: sha256Hex, deterministic: flag }),
      /** Of passkeys and of nothing else: the site they were made for and sign at. */
      relyingParty: relyingPartyShape,
    },
  ),
  fitsItsAlgorithm,
  'a key as its algorithm has it',
);
export type Voter = Of<typeof voterShape>;

/** The change that is judged; `tree` survives a squash, where commit ids do not. */
const subjectShape = object({
  repository: prose(400),
  base: gitObjectId,
  head: gitObjectId,
  tree: gitObjectId,
  diffSha256: sha256Hex,
});

/** The panel's manifest and where it was read, plus any further policy files, each by digest. */
const policyShape = object(
  { panel: label(200), panelSha256: sha256Hex, source: label(400) },
  { files: list(object({ name: label(400), sha256: sha256Hex }), 100) },
);

/** The members of the public terms, which a receipt repeats and the log's `opened` entry binds. */
export const publicTerms = {
  decisionId: identifier,
  /** Commitment to the question; its text is a removable disclosure. */
  question: object({ sha256: sha256Hex }),
  /** The log that records this decision (C2SP origin). */
  origin: label(300),
  options: list(optionShape, LIMITS.options, 1),
  rule: ruleShape,
  secrecy: oneOf('open', 'sealed'),
  electorate: list(voterShape, LIMITS.voters, 1),
  gates: list(label(100), LIMITS.gates),
  /** What readers must be told, for example that the change edits its own jury. */
  notices: list(prose(1_000), 20),
  /** Whose counting this is: the core's name and the version of its rules. */
  engine: object({ name: label(100), version: label(100) }),
};
/** What comes before the vote: electorate members propose options; one critique, after which authors may revise. */
const roundsShape = object({}, { propose: flag, critique: integer(0, 1) });

/** Weights were earned in a class of tasks, and how; what each voter earned is in its weight. */
const calibrationShape = object({ method: oneOf('beta', 'dawid-skene'), taskClass: label(100) });

/** Members that terms may lack; one that is absent leaves everything as it was before the member existed. */
export const publicTermsOptional = {
  subject: subjectShape,
  policy: policyShape,
  calibration: calibrationShape,
  rounds: roundsShape,
  /** Any one of these roles may end the decision with a veto. */
  veto: object({ roles: list(label(100), 20, 1) }),
  /** What a tie leads to; `no-decision` when absent. */
  tie: oneOf('no-decision', 'status-quo', 'seeded'),
  /** The option that a tie leaves standing, where the rule itself knows none. */
  statusQuo: optionId,
  electorateRules: electorateRulesShape,
  /** `certain`: stop as soon as nobody left could change the outcome. */
  earlyStop: oneOf('off', 'certain'),
  /** Ask the smallest set that could decide first, and more voters only while it has not. */
  waves: flag,
  /** Voters sign the salts of their reveals, too: {@link revealBytes}. */
  signedReveals: flag,
};
/** Terms as they are stored: with the question's text and salt, and how long voters are waited for. */
export const termsShape = object(
  { ...publicTerms, question: prose(2_000), questionSalt: salt },
  {
    ...publicTermsOptional,
    deadlineAt: timestamp,
    /** How long each phase before the vote is waited for. */
    roundSeconds: integer(1, 31_536_000),
  },
);
export type Terms = Of<typeof termsShape>;
/** What everybody may see of the terms. */
export type PublicTerms = Omit<Terms, 'question' | 'questionSalt' | 'deadlineAt' | 'roundSeconds'> & {
  readonly question: { readonly sha256: string };
};

/** The terms without the question's text. */
export function publicTermsOf(terms: Terms): PublicTerms {
  const { question, questionSalt, deadlineAt: _label, roundSeconds: _patience, ...rest } = terms;
  return { ...rest, question: { sha256: dataDigest(questionSalt, question) } };
}

/** The digest the log's `opened` entry holds. Accepts a receipt's predicate too: the terms never change. */
export function termsDigest(terms: PublicTerms): string {
  const members = [...Object.keys(publicTerms), ...Object.keys(publicTermsOptional)];
  const known = Object.entries(terms).filter(([name, value]) => members.includes(name) && value !== undefined);
  return hex(sha256(utf8(jcs(Object.fromEntries(known)))));
}

const openingDigests = new WeakMap<Terms, string>();

/** The digest of the terms a decision was opened under; it is asked for with every ballot and computed once. */
export function openingDigestOf(terms: Terms): string {
  const known = openingDigests.get(terms) ?? termsDigest(publicTermsOf(terms));
  openingDigests.set(terms, known);
  return known;
}

/** The counting this library does; a change of any result is a new version. */
export const ENGINE = { name: 'conclave/consensus-core', version: '1' } as const;

/** A salted commitment to data that may be removed later; the digest stays and every proof with it. */
export function dataDigest(salt: string, value: unknown): string {
  return hex(sha256(concatBytes(utf8('conclave/data/v1\n'), fromBase64(salt), utf8(jcs(value)))));
}
