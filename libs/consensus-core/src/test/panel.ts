/**
 * Panels with real keys for tests: a voter's key is derived from its name, so every run signs the same bytes.
 */
import { base64, fromHex, hex, sha256, utf8 } from '@conclave/audit-core';
import {
  ballotBytes,
  commitmentBytes,
  commitOf,
  revealBytes,
  type Ballot,
  type Commitment,
  type Signature,
} from '../ballot.js';
import type { Admission } from '../decision/admission.js';
import { admitContribution, admitDiscussionClose, admitVeto } from '../decision/admit-discussion.js';
import {
  admitClose,
  admitCommitsClose,
  admitEvidence,
  admitOpening,
  admitSeal,
  admitWave,
} from '../decision/admit-lifecycle.js';
import { admitBallot, admitCommit, admitReveal, ballotDigestOf } from '../decision/admit-statement.js';
import { appendTo, foldDecision, type Decision } from '../decision/decision.js';
import type { DecisionEvent } from '../decision/events.js';
import { contributionBytes, type DiscussionPhase, type Option } from '../discussion.js';
import { dataDigest, ENGINE, publicTermsOf, termsDigest, type Terms, type Voter } from '../terms.js';
import { vetoBytes } from '../veto.js';

/** A voter that can sign. */
export interface Signer {
  readonly voter: Voter;
  sign(bytes: Uint8Array): Promise<Extract<Signature, { algorithm: 'ed25519' }>>;
}

const PKCS8_PREFIX = '302e020100300506032b657004220420';

/** The voter of that name; the same name always has the same key. */
export async function signerOf(name: string, overrides: Partial<Voter> = {}): Promise<Signer> {
  const pkcs8 = fromHex(PKCS8_PREFIX + hex(sha256(utf8(name))));
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', true, ['sign']);
  const { x } = (await crypto.subtle.exportKey('jwk', key)) as { x: string };
  const publicKey = `${x.replaceAll('-', '+').replaceAll('_', '/')}=`;
  return {
    voter: {
      ...{ voterId: name, kind: 'check', name, family: `author-${name}`, algorithm: 'ed25519', publicKey },
      ...{ custody: 'platform', roles: [], weight: 1 },
      ...overrides,
    },
    sign: async (bytes) => ({
      algorithm: 'ed25519',
      value: base64(new Uint8Array(await crypto.subtle.sign('Ed25519', key, bytes))),
    }),
  };
}

const SALT = base64(sha256(utf8('salt')));
const DIGEST = hex(sha256(utf8('report')));

export function termsOf(signers: readonly Signer[], overrides: Partial<Terms> = {}): Terms {
  return {
    decisionId: 'dec_1',
    question: 'Shall the change land?',
    questionSalt: SALT,
    origin: 'log.example/tenant',
    options: [{ id: 'change', title: 'The change' }],
    rule: { method: 'approval-gate', variant: 'unanimous' },
    secrecy: 'open',
    electorate: signers.map(({ voter }) => voter),
    gates: [],
    notices: [],
    engine: ENGINE,
    ...overrides,
  };
}

const digestOf = (terms: Terms): string => termsDigest(publicTermsOf(terms));

export async function ballotOf(terms: Terms, signer: Signer, says: Partial<Ballot>, digest = digestOf(terms)) {
  const ballot: Ballot = {
    ...{ decisionId: 'dec_1', round: 1, voterId: signer.voter.voterId, reason: 'because' },
    ...says,
  };
  return { ballot, signature: await signer.sign(ballotBytes(ballot, digest)) };
}

export async function commitmentOf(terms: Terms, signer: Signer, says: Partial<Ballot>, salt = SALT) {
  const { ballot } = await ballotOf(terms, signer, says);
  const commitment: Commitment = {
    ...{ decisionId: 'dec_1', round: 1, voterId: signer.voter.voterId },
    commit: commitOf(ballot, salt),
  };
  return { commitment, signature: await signer.sign(commitmentBytes(commitment, digestOf(terms))) };
}

export async function revealOf(terms: Terms, signer: Signer, says: Partial<Ballot>, salt = SALT) {
  const { ballot } = await ballotOf(terms, signer, says);
  return { ballot, salt, signature: await signer.sign(revealBytes({ ballot, salt }, digestOf(terms), terms)) };
}

/** What a signer says before the vote; without option and text, that there is nothing to say. */
export async function contributionOf(
  terms: Terms,
  signer: Signer,
  phase: DiscussionPhase,
  { option, text }: { readonly option?: Option; readonly text?: string } = {},
) {
  const { decisionId } = terms;
  const contribution = { decisionId, voterId: signer.voter.voterId, phase, ...(option && { option }) };
  const signed = { ...contribution, ...(text !== undefined && { textSha256: dataDigest(SALT, text) }) };
  const signature = await signer.sign(contributionBytes(signed, digestOf(terms)));
  return { contribution, ...(text !== undefined && { text, salt: SALT }), signature };
}

export async function vetoOf(terms: Terms, signer: Signer, reason = 'it must not be') {
  const veto = { decisionId: terms.decisionId, voterId: signer.voter.voterId, reason };
  return { veto, signature: await signer.sign(vetoBytes(veto, digestOf(terms))) };
}

export function reportOf(gate: string, status: 'green' | 'red' | 'abstained') {
  return { gate, status, sha256: DIGEST, reason: status };
}

/** A decision's log as a store would keep it: through JSON, one event at a time. */
export class Log {
  readonly events: DecisionEvent[] = [];

  constructor(terms: Terms) {
    this.take(admitOpening(terms));
  }

  get decision(): Decision {
    return foldDecision(this.events);
  }

  take(admission: Admission): Admission {
    const seq = this.events.length;
    const stored = appendTo(seq, admission.events, `2026-01-01T00:00:${String(seq).padStart(2, '0')}Z`);
    this.events.push(...(JSON.parse(JSON.stringify(stored)) as DecisionEvent[]));
    return admission;
  }

  async cast(signer: Signer, says: Partial<Ballot>) {
    const ballot = await ballotOf(this.decision.terms, signer, says, ballotDigestOf(this.decision));
    return this.take(await admitBallot(this.decision, ballot));
  }
  async commit(signer: Signer, says: Partial<Ballot>, salt?: string) {
    return this.take(await admitCommit(this.decision, await commitmentOf(this.decision.terms, signer, says, salt)));
  }
  async reveal(signer: Signer, says: Partial<Ballot>, salt?: string) {
    return this.take(await admitReveal(this.decision, await revealOf(this.decision.terms, signer, says, salt)));
  }
  async say(signer: Signer, phase: DiscussionPhase, said: { option?: Option; text?: string } = {}) {
    return this.take(
      await admitContribution(this.decision, await contributionOf(this.decision.terms, signer, phase, said)),
    );
  }
  async veto(signer: Signer, reason?: string) {
    return this.take(await admitVeto(this.decision, await vetoOf(this.decision.terms, signer, reason)));
  }
  closeDiscussion(cause: 'complete' | 'deadline' = 'complete') {
    return this.take(admitDiscussionClose(this.decision, cause));
  }
  ask() {
    return this.take(admitWave(this.decision));
  }
  report(gate: string, status: 'green' | 'red' | 'abstained') {
    return this.take(admitEvidence(this.decision, reportOf(gate, status)));
  }
  closeCommits(cause: 'complete' | 'deadline' = 'complete') {
    return this.take(admitCommitsClose(this.decision, cause));
  }
  /** Closes the ballots and seals the conclusion. */
  finish(cause: 'complete' | 'deadline' | 'certain' = 'complete') {
    const closed = this.take(admitClose(this.decision, cause));
    return closed.refusal ? closed : this.take(admitSeal(this.decision));
  }
}
