/** What voters do besides voting: propose, criticise, revise, abstain, veto. Everything is signed; repeats are answered alike. */
import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { name } from '../page.js';
import { base64, decision, optionId, signature } from './decision.js';

const option = z.strictObject({ id: optionId, title: name }).optional();
/** `text` is kept out of the receipt's signed part: a contribution holds its salted digest, `salt` is 32 random bytes. */
const said = {
  id: idOf('decision'),
  voterId: idOf('voter'),
  text: z.string().min(1).max(20_000).optional(),
  salt: base64.optional(),
  signature,
};

const contributionErrors = [
  'consensus.decision.not-found',
  'consensus.decision.phase',
  'consensus.ballot.not-a-voter',
  'consensus.ballot.signature',
  'consensus.contribution.conflict',
  'consensus.contribution.malformed',
] as const;

/**
 * Proposes an option, or says by leaving it out that the voter has none. The signature covers
 * `"conclave/contribution/v1\n" ‖ termsSha256 ‖ "\n" ‖ JCS({decisionId, voterId, phase: "propose", option?, textSha256?})` with
 * `textSha256` = SHA-256(`"conclave/data/v1\n"` ‖ salt ‖ JCS(text)).
 */
export const proposeOption = contract({
  owner: 'consensus',
  subject: 'consensus.v1.proposal.make',
  permission: 'ballot:cast',
  callers: ['gateway', 'runtime'],
  request: z.strictObject({ ...said, option }),
  reply: decision,
  errors: contributionErrors,
  http: {
    method: 'POST',
    path: '/v1/decisions/{id}/proposals',
    status: 201,
    summary: 'Propose an option before the vote',
    tag: 'decisions',
    stability: 'beta',
  },
});

/** Criticises the proposals, or says by leaving out the text that there is nothing to say; `phase: "critique"` is signed. */
export const makeCritique = contract({
  owner: 'consensus',
  subject: 'consensus.v1.critique.make',
  permission: 'ballot:cast',
  callers: ['gateway', 'runtime'],
  request: z.strictObject(said),
  reply: decision,
  errors: contributionErrors,
  http: {
    method: 'POST',
    path: '/v1/decisions/{id}/critiques',
    status: 201,
    summary: 'Criticise the proposals',
    tag: 'decisions',
    stability: 'beta',
  },
});

/** Puts one's own proposal into other words, or says by leaving it out that it stays; `phase: "revise"` is signed. */
export const reviseProposal = contract({
  owner: 'consensus',
  subject: 'consensus.v1.revision.make',
  permission: 'ballot:cast',
  callers: ['gateway', 'runtime'],
  request: z.strictObject({ ...said, option }),
  reply: decision,
  errors: contributionErrors,
  http: {
    method: 'POST',
    path: '/v1/decisions/{id}/revisions',
    status: 201,
    summary: 'Revise one’s own proposal',
    tag: 'decisions',
    stability: 'beta',
  },
});

/** Abstains with a reason: the ballot `{decisionId, round: 1, voterId, vote: "abstain", reason}`, signed like any other. */
export const abstain = contract({
  owner: 'consensus',
  subject: 'consensus.v1.ballot.abstain',
  permission: 'ballot:cast',
  callers: ['gateway', 'runtime'],
  request: z.strictObject({ id: idOf('decision'), voterId: idOf('voter'), reason: z.string().max(4_000), signature }),
  reply: decision,
  errors: [
    'consensus.decision.not-found',
    'consensus.decision.phase',
    'consensus.ballot.late',
    'consensus.ballot.not-a-voter',
    'consensus.ballot.signature',
    'consensus.ballot.equivocation',
    'consensus.ballot.malformed',
  ],
  http: {
    method: 'POST',
    path: '/v1/decisions/{id}/abstentions',
    status: 201,
    summary: 'Abstain, in either kind of secrecy',
    tag: 'decisions',
    stability: 'beta',
  },
});

/**
 * Ends the decision, by a voter with a role of its `veto`. The signature covers
 * `"conclave/veto/v1\n" ‖ termsSha256 ‖ "\n" ‖ JCS({decisionId, voterId, reason})`.
 */
export const castVeto = contract({
  owner: 'consensus',
  subject: 'consensus.v1.veto.cast',
  permission: 'ballot:cast',
  callers: ['gateway', 'runtime'],
  request: z.strictObject({ id: idOf('decision'), voterId: idOf('voter'), reason: z.string().max(4_000), signature }),
  reply: decision,
  errors: [
    'consensus.decision.not-found',
    'consensus.ballot.late',
    'consensus.ballot.not-a-voter',
    'consensus.ballot.signature',
    'consensus.veto.malformed',
    'consensus.veto.role',
  ],
  http: {
    method: 'POST',
    path: '/v1/decisions/{id}/vetoes',
    status: 201,
    summary: 'Veto a decision that has not ended',
    tag: 'decisions',
    stability: 'beta',
  },
});
