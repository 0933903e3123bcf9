import type { CatalogueEntry } from './catalogue-entry.js';

/** Refusals of consensus and audit: the part of the catalogue that is about decisions, ballots and the log. */
export const proofErrors = {
  'consensus.decision.not-found': {
    status: 404,
    title: 'No such decision.',
    action: 'List the decisions with GET /v1/decisions.',
  },
  'consensus.decision.exists': {
    status: 409,
    title: 'A decision with this id is open under other terms.',
    action: 'Use a new id.',
  },
  'consensus.decision.phase': {
    status: 409,
    title: 'The decision is not in a phase that accepts this.',
    action: 'Read the decision; `phase` names where it is.',
  },
  'consensus.decision.malformed': {
    status: 422,
    title: 'The terms of the decision contradict each other.',
    action: 'Correct what `reason` names.',
  },
  'consensus.decision.claim': {
    status: 403,
    title: 'Only the platform may say which panel judges and what evaluates for a voter.',
    action: 'Leave out the members named in `members`, or have a panel decide with POST /v1/reviews.',
  },
  'consensus.ballot.late': {
    status: 409,
    title: 'The decision no longer accepts ballots.',
    action: 'Nothing can be done: the order of the log is the clock.',
  },
  'consensus.ballot.not-a-voter': {
    status: 403,
    title: 'This voter is not in the electorate.',
    action: 'Vote with a key that was enrolled before the decision opened.',
  },
  'consensus.ballot.signature': {
    status: 403,
    title: 'The signature does not verify under the enrolled key.',
    action: 'Sign the ballot bytes as docs describe.',
  },
  'consensus.ballot.equivocation': {
    status: 409,
    title: 'This voter has already cast a different ballot.',
    action: 'The voter is void for this decision; both ballots are kept as evidence.',
  },
  'consensus.ballot.malformed': {
    status: 422,
    title: 'The ballot does not fit the rule.',
    action: 'Correct what `reason` names.',
  },
  'consensus.ballot.reveal-mismatch': {
    status: 409,
    title: 'The revealed ballot does not open the commitment.',
    action: 'Reveal the committed ballot and salt.',
  },
  'consensus.contribution.malformed': {
    status: 422,
    title: 'The proposal, critique or revision is not one.',
    action: 'Correct what `reason` names; a revision names its author’s own option.',
  },
  'consensus.contribution.conflict': {
    status: 409,
    title: 'The voter has spoken in this phase, or the option is taken.',
    action: 'Each voter speaks once in a phase; propose an option with another id.',
  },
  'consensus.veto.malformed': {
    status: 422,
    title: 'A veto says why.',
    action: 'Correct what `reason` names.',
  },
  'consensus.veto.role': {
    status: 403,
    title: 'The voter has no role that may veto this decision.',
    action: 'Read the roles that may in `veto` of the decision.',
  },
  'consensus.evidence.unknown-gate': {
    status: 422,
    title: 'The decision has no such gate.',
    action: 'Use a gate named in the decision.',
  },
  'consensus.evidence.conflict': {
    status: 409,
    title: 'This gate has already reported something else.',
    action: 'Evidence is immutable; cancel and open again.',
  },
  'consensus.voter-key.refused': {
    status: 422,
    title: 'The public key is not acceptable.',
    action: 'Use a canonical Ed25519 key that is not of low order, or a passkey with an ES256 or Ed25519 key.',
  },
  'consensus.voter-key.not-found': {
    status: 404,
    title: 'No such voter key.',
    action: 'Enrol one with POST /v1/voter-keys.',
  },
  'consensus.voter-key.pending': {
    status: 503,
    title: 'The key is registered, but not in a published checkpoint of the log yet: it opens no decision.',
    action: 'Ask again with the same Idempotency-Key, or until GET /v1/voter-keys does not say `pending`.',
    retryable: true,
  },
  'consensus.voter-key.exists': {
    status: 409,
    title: 'The voter has another key, or the key another voter.',
    action: 'Rotate the voter’s key, or enrol a fresh one.',
  },
  'consensus.voter-key.challenge': {
    status: 409,
    title: 'The challenge was used, has expired, or is not yours.',
    action: 'Ask for another one with POST /v1/voter-keys/challenges and answer it within ten minutes.',
  },
  'consensus.voter-key.unproven': {
    status: 422,
    title: 'Nothing shows that somebody holds this key.',
    action: 'Answer a challenge of POST /v1/voter-keys/challenges with the key; `reason` names what does not fit.',
  },
  'consensus.voter-key.no-passkeys': {
    status: 409,
    title: 'This installation takes no passkeys.',
    action: 'An operator names the origins of the console in PASSKEY_ORIGINS.',
  },
  'consensus.receipt.pending': {
    status: 409,
    title: 'The decision is not sealed in a published checkpoint yet.',
    action: 'Retry in a second.',
    retryable: true,
  },
  'consensus.tally.malformed': {
    status: 400,
    title: 'The tally input contradicts itself.',
    action: 'Correct what `reason` names.',
  },
  'consensus.tally.too-tied': {
    status: 422,
    title: 'Ties could be broken in more orders than are searched.',
    action: 'Ask for a rule without tie orders (schulze, borda), or for fewer options.',
  },
  'consensus.tally.too-large': {
    status: 422,
    title: 'The result would not fit a reply.',
    action: 'Ask for fewer options, or with shorter ids: irv names every option left in every round.',
  },
  'consensus.calibration.conflict': {
    status: 409,
    title: 'Something else was recorded as right.',
    action: 'Hindsight is given once: read what was recorded first.',
  },
  'audit.log.empty': {
    status: 404,
    title: 'The log has no checkpoint yet.',
    action: 'The first audited event creates one within a second.',
    retryable: true,
  },
  'audit.proof.range': {
    status: 400,
    title: 'The index or size lies outside the log.',
    action: 'Use a size no larger than the checkpoint and an index below the size.',
  },
  'audit.entry.pruned': {
    status: 410,
    title: 'The bytes of these entries are no longer served.',
    action: 'Begin at `minimumIndex`. Hashes and proofs of older entries are still there.',
  },
  'audit.export.not-found': {
    status: 404,
    title: 'No such export.',
    action: 'Make one with POST /v1/audit/exports.',
  },
  'audit.hold.active': {
    status: 409,
    title: 'A legal hold forbids it.',
    action: 'Release the hold named in `hold` with DELETE /v1/audit/holds/{id}, if the law allows it.',
  },
  'audit.hold.not-found': {
    status: 404,
    title: 'No such legal hold, or it is released.',
    action: 'List the holds with GET /v1/audit/holds.',
  },
  'audit.erasure.not-found': {
    status: 404,
    title: 'No such erasure.',
    action: 'List the erasures with GET /v1/audit/erasures.',
  },
  'audit.tile.not-found': {
    status: 404,
    title: 'The log has no such tile.',
    action: 'Ask for tiles of the checkpoint’s size, by the paths of C2SP tlog-tiles.',
  },
  'audit.log.refused': {
    status: 409,
    title: 'The log is not signed any more: a checkpoint was published that its database does not know.',
    action: 'An operator restores the right database, or gives the log up with POST /v1/audit/log/seal.',
  },
  'audit.log.not-refused': {
    status: 409,
    title: 'Only the present log can be given up, and only while it is refused.',
    action: 'Read GET /v1/audit/log: `origin` names it, `refused` says why.',
  },
  'audit.store.unreadable': {
    status: 503,
    title: 'What was published of the log cannot be read where it is kept.',
    action:
      'An operator makes the store of AUDIT_STORE answer, or names another: audit’s log says what failed. Until then nothing is signed or given up.',
    retryable: true,
  },
  'audit.entry.malformed': {
    status: 422,
    title: 'The data cannot be an entry.',
    action: 'Correct what `reason` names: an entry has whole numbers only.',
  },
  'audit.entry.pending': {
    status: 503,
    title: 'The entry is recorded, but not in a published checkpoint yet.',
    action: 'Do not act on it; ask again with the same Idempotency-Key.',
    retryable: true,
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
