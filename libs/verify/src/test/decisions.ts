/** Finished decisions, made by the same state machine that the service runs. */
import { base64 } from '@conclave/audit-core';
import {
  admitBallot,
  admitClose,
  admitCommit,
  admitCommitsClose,
  admitEvidence,
  admitOpening,
  admitReveal,
  admitSeal,
  appendTo,
  statementBytes,
  commitmentBytes,
  commitOf,
  disclosuresOf,
  ENGINE,
  foldDecision,
  predicateOf,
  publicTermsOf,
  termsDigest,
  type Admission,
  type Ballot,
  type Decision,
  type DecisionEvent,
  type Disclosure,
  type Predicate,
  type Said,
  type Terms,
} from '@conclave/consensus-core';
import { newSigner, type Signer } from './signer.js';

export const ORIGIN = 'conclave.example/log/acme';
const SALT = base64(new Uint8Array(32).fill(7));
const DIGEST = 'ab'.repeat(32);

/** What one voter does: without a ballot stays silent, and with `reveals: false` only commits. */
export interface Part {
  readonly said?: Said;
  readonly reason?: string;
  readonly custody?: 'platform' | 'external' | 'passkey';
  readonly reveals?: false;
  /** What is said after `said`: a second ballot, or a reveal of something else than was committed to. */
  readonly then?: Pick<Ballot, 'vote' | 'ranking' | 'score'>;
  readonly weight?: number;
}

/** A finished decision with the keys of those who took part. */
export interface Finished {
  readonly predicate: Predicate;
  readonly disclosures: readonly Disclosure[];
  readonly signers: ReadonlyMap<string, Signer>;
}

/** A review by three jurors, one against, with a green gate. */
export function review(secrecy: Terms['secrecy'] = 'open', circumstances?: Circumstances): Promise<Finished> {
  return decide(
    {
      secrecy,
      gates: ['tests'],
      rule: { method: 'approval-gate', threshold: { num: 1, den: 2 }, quorum: { num: 2, den: 3 }, minVoters: 2 },
    },
    {
      ada: { said: { vote: 'yes' }, reason: 'Covered by tests.', custody: 'external' },
      bob: { said: { vote: 'yes' } },
      cyd: { said: { vote: 'no' }, reason: 'Lost assertions in a.spec.ts:12.' },
    },
    circumstances,
  );
}

/** What varies beside terms and voters. */
export interface Circumstances {
  readonly signerFor?: (voterId: string) => Promise<Signer>;
  /** What each gate reports, green unless told; `silent` never does. */
  readonly gates?: Readonly<Record<string, 'green' | 'red' | 'abstained' | 'silent'>>;
}

/** Runs a decision from opening to seal. */
export async function decide(
  terms: PartialTerms,
  parts: Readonly<Record<string, Part>>,
  { signerFor = newSigner, gates = {} }: Circumstances = {},
): Promise<Finished> {
  const signers = new Map<string, Signer>();
  for (const voterId of Object.keys(parts)) signers.set(voterId, await signerFor(voterId));
  const box = new BallotBox(await termsOf(terms, parts, signers));
  await castAll(box, parts, signers);
  for (const gate of terms.gates ?? []) {
    const status = gates[gate] ?? 'green';
    if (status === 'silent') continue;
    await box.take((decision) => admitEvidence(decision, { gate, status, sha256: DIGEST, reason: '' }));
  }
  await box.take((decision) => admitClose(decision, 'deadline'));
  await box.take(admitSeal);
  return { predicate: predicateOf(box.events)!, disclosures: disclosuresOf(box.decision), signers };
}

class BallotBox {
  readonly events: DecisionEvent[] = [];

  constructor(terms: Terms) {
    this.append(admitOpening(terms));
  }

  get decision(): Decision {
    return foldDecision(this.events);
  }

  async take(admit: (decision: Decision) => Admission | Promise<Admission>): Promise<void> {
    this.append(await admit(this.decision));
  }

  /** What is refused and kept all the same, such as a second ballot, belongs to the story. */
  private append({ events, refusal }: Admission): void {
    if (refusal && events.length === 0) throw new Error(`${refusal.code}: ${refusal.reason} ${refusal.path}`);
    this.events.push(...appendTo(this.events.length, events, '2026-11-20T10:00:00Z'));
  }
}

/** `undefined` leaves a member out. */
type PartialTerms = { readonly [M in keyof Terms]?: Terms[M] | undefined };

async function termsOf(
  terms: PartialTerms,
  parts: Readonly<Record<string, Part>>,
  signers: ReadonlyMap<string, Signer>,
): Promise<Terms> {
  const all = {
    decisionId: 'dec_01jd3v0000000000000000000',
    question: 'May this change be merged?',
    questionSalt: SALT,
    origin: ORIGIN,
    options: [
      { id: 'approved', title: 'Merge' },
      { id: 'rejected', title: 'Do not merge' },
    ],
    rule: { method: 'approval-gate', variant: 'unanimous' },
    secrecy: 'open',
    electorate: Object.entries(parts).map(([voterId, { custody = 'platform', weight = 1 }]) => ({
      voterId,
      kind: 'check' as const,
      name: voterId.toUpperCase(),
      family: 'conclave',
      algorithm: 'ed25519' as const,
      publicKey: base64(signers.get(voterId)!.publicKey),
      custody,
      roles: [],
      weight,
      evaluator: { id: `check/${voterId}`, version: '1', sha256: DIGEST, deterministic: true },
    })),
    gates: [],
    notices: ['This change edits its own jury.'],
    engine: ENGINE,
    subject: {
      repository: 'git.example/acme/app',
      base: '1'.repeat(40),
      head: '2'.repeat(40),
      tree: '3'.repeat(40),
      diffSha256: DIGEST,
    },
    policy: { panel: 'review', panelSha256: 'cd'.repeat(32), source: '.conclave/panel.json@main' },
    ...terms,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Terms;
}

async function castAll(
  box: BallotBox,
  parts: Readonly<Record<string, Part>>,
  signers: ReadonlyMap<string, Signer>,
): Promise<void> {
  const { decisionId, secrecy } = box.decision.terms;
  const terms = termsDigest(publicTermsOf(box.decision.terms));
  const sealed = secrecy === 'sealed';
  const ballotsOf = (member: 'said' | 'then'): Ballot[] =>
    Object.entries(parts).flatMap(([voterId, { [member]: said, reason = '' }]): Ballot[] =>
      said ? [{ decisionId, round: 1, voterId, reason, findingsSha256: DIGEST, ...said }] : [],
    );
  const ballots = ballotsOf('said');
  const signed = async (voterId: string, bytes: Uint8Array) => ({
    algorithm: 'ed25519',
    value: base64(await signers.get(voterId)!.sign(bytes)),
  });
  if (sealed) {
    for (const ballot of ballots) {
      const { voterId } = ballot;
      const commitment = { decisionId, round: 1, voterId, commit: commitOf(ballot, SALT) };
      const signature = await signed(voterId, commitmentBytes(commitment, terms));
      await box.take((decision) => admitCommit(decision, { commitment, signature }));
    }
    await box.take((decision) => admitCommitsClose(decision, 'deadline'));
  }
  const kept = ballots.filter(({ voterId }) => parts[voterId]?.reveals !== false && !(sealed && parts[voterId]?.then));
  for (const ballot of [...kept, ...ballotsOf('then')]) {
    const said = sealed ? { ballot, salt: SALT } : { ballot };
    const bytes = statementBytes(box.decision.terms, terms, ballot.voterId, said);
    const command = { ...said, signature: await signed(ballot.voterId, bytes) };
    await box.take((decision) => (sealed ? admitReveal(decision, command) : admitBallot(decision, command)));
  }
}
