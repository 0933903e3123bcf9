/** Decisions told event by event, with everything that may precede, shape or end a vote; the state machine is the service's. */
import { base64 } from '@conclave/audit-core';
import {
  admitBallot,
  admitClose,
  admitCommit,
  admitCommitsClose,
  admitContribution,
  admitDiscussionClose,
  admitEvidence,
  admitOpening,
  admitReveal,
  admitSeal,
  admitVeto,
  admitWave,
  agendaDigest,
  agendaOf,
  appendTo,
  ballotBytes,
  revealBytes,
  statementBytes,
  ballotDigestOf,
  commitmentBytes,
  commitOf,
  contributionBytes,
  dataDigest,
  disclosuresOf,
  ENGINE,
  foldDecision,
  hasRounds,
  predicateOf,
  termsDigest,
  vetoBytes,
  openingDigestOf,
  type Admission,
  type Ballot,
  type CloseCause,
  type Decision,
  type DecisionEvent,
  type DiscussionPhase,
  type Disclosure,
  type Option,
  type Predicate,
  type Said,
  type Signature,
  type Terms,
  type Voter,
} from '@conclave/consensus-core';
import { ORIGIN } from './decisions.js';
import { assertionOf, SITE, type Ceremony } from './passkey-signer.js';
import type { Signer } from './signer.js';

const SALT = base64(new Uint8Array(32).fill(9));
const DIGEST = 'ab'.repeat(32);

/** The keys of an electorate, and how each of them signs. */
export type Keyring = ReadonlyMap<string, { readonly signer: Signer; readonly algorithm: Voter['algorithm'] }>;

/** What a voter is beside a name; the rest is the same for all. */
export type Sketch = Partial<Pick<Voter, 'weight' | 'family' | 'roles' | 'algorithm' | 'custody' | 'kind'>>;

/** A finished decision and the keys that signed it. */
export interface Run {
  readonly predicate: Predicate;
  readonly disclosures: readonly Disclosure[];
  readonly keys: Keyring;
}

/** Signs as that voter would, with a plain key or a passkey. */
export async function signedAs(
  keys: Keyring,
  voterId: string,
  bytes: Uint8Array,
  ceremony?: Ceremony,
): Promise<Signature> {
  const { signer, algorithm } = keys.get(voterId) ?? [...keys.values()][0]!;
  if (algorithm !== 'ed25519') return assertionOf(algorithm, signer, bytes, ceremony);
  return { algorithm, value: base64(await signer.sign(bytes)) };
}

/** Where keys come from: a name has the same key in every run. */
export type KeySource = (name: string, algorithm: Voter['algorithm']) => Promise<Signer>;

/** A decision on its way. Whatever is refused without a trace is a mistake of the vector and throws. */
export class Course {
  private readonly events: DecisionEvent[] = [];

  private constructor(
    private readonly keys: Keyring,
    terms: Terms,
  ) {
    this.append(admitOpening(terms));
  }

  static async open(
    keyOf: KeySource,
    terms: { readonly [M in keyof Terms]?: Terms[M] },
    voters: Readonly<Record<string, Sketch>>,
  ): Promise<Course> {
    const keys = new Map<string, { signer: Signer; algorithm: Voter['algorithm'] }>();
    for (const [voterId, { algorithm = 'ed25519' }] of Object.entries(voters))
      keys.set(voterId, { signer: await keyOf(voterId, algorithm), algorithm });
    return new Course(keys, termsOf(terms, voters, keys));
  }

  get decision(): Decision {
    return foldDecision(this.events);
  }

  async say(voterId: string, phase: DiscussionPhase, option?: Option, text?: string): Promise<this> {
    const { decisionId } = this.decision.terms;
    const said = { decisionId, voterId, phase, ...(option && { option }) };
    const signed = { ...said, ...(text !== undefined && { textSha256: dataDigest(SALT, text) }) };
    const signature = await this.signed(voterId, contributionBytes(signed, openingDigestOf(this.decision.terms)));
    return this.take((decision) =>
      admitContribution(decision, {
        ...{ contribution: said, signature },
        ...(text !== undefined && { text, salt: SALT }),
      }),
    );
  }

  async cast(voterId: string, said: Said, reason = ''): Promise<this> {
    const command = await this.ballot(voterId, said, reason);
    return this.take((decision) => admitBallot(decision, command));
  }

  async commit(voterId: string, said: Said, reason = ''): Promise<this> {
    const { ballot } = await this.ballot(voterId, said, reason);
    const commitment = {
      ...{ decisionId: ballot.decisionId, round: 1, voterId },
      commit: commitOf(ballot, SALT),
    };
    const signature = await this.signed(voterId, commitmentBytes(commitment, ballotDigestOf(this.decision)));
    return this.take((decision) => admitCommit(decision, { commitment, signature }));
  }

  async reveal(voterId: string, said: Said, reason = ''): Promise<this> {
    const { ballot } = await this.ballot(voterId, said, reason);
    const bytes = revealBytes({ ballot, salt: SALT }, ballotDigestOf(this.decision), this.decision.terms);
    const command = { ballot, salt: SALT, signature: await this.signed(voterId, bytes) };
    return this.take((decision) => admitReveal(decision, command));
  }

  async veto(voterId: string, reason = 'It must not be.'): Promise<this> {
    const veto = { decisionId: this.decision.terms.decisionId, voterId, reason };
    const signature = await this.signed(voterId, vetoBytes(veto, openingDigestOf(this.decision.terms)));
    return this.take((decision) => admitVeto(decision, { veto, signature }));
  }

  report(gate: string, status: 'green' | 'red' | 'abstained'): Promise<this> {
    return this.take((decision) => admitEvidence(decision, { gate, status, sha256: DIGEST, reason: status }));
  }

  /** Ends the phase before the vote. */
  next(): Promise<this> {
    return this.take((decision) => admitDiscussionClose(decision, 'deadline'));
  }

  ask(): Promise<this> {
    return this.take(admitWave);
  }

  closeCommits(): Promise<this> {
    return this.take((decision) => admitCommitsClose(decision, 'deadline'));
  }

  /** Closes the ballots, if no veto has, and seals. */
  async end(cause: CloseCause = 'deadline'): Promise<Run> {
    if (this.decision.closed === undefined) await this.take((decision) => admitClose(decision, cause));
    await this.take(admitSeal);
    return { predicate: predicateOf(this.events)!, disclosures: disclosuresOf(this.decision), keys: this.keys };
  }

  private async ballot(voterId: string, said: Said, reason: string) {
    const ballot: Ballot = { decisionId: this.decision.terms.decisionId, round: 1, voterId, reason, ...said };
    return { ballot, signature: await this.signed(voterId, ballotBytes(ballot, ballotDigestOf(this.decision))) };
  }

  private signed(voterId: string, bytes: Uint8Array): Promise<Signature> {
    return signedAs(this.keys, voterId, bytes);
  }

  private async take(admit: (decision: Decision) => Admission | Promise<Admission>): Promise<this> {
    this.append(await admit(this.decision));
    return this;
  }

  private append({ events, refusal }: Admission): void {
    if (events.length === 0) throw new Error(`${refusal?.code}: ${refusal?.reason} ${refusal?.path}`);
    this.events.push(...appendTo(this.events.length, events, '2026-11-20T10:00:00Z'));
  }
}

function termsOf(
  terms: { readonly [M in keyof Terms]?: Terms[M] },
  voters: Readonly<Record<string, Sketch>>,
  keys: Keyring,
): Terms {
  return {
    decisionId: 'dec_01jd3v0000000000000000001',
    question: 'Which way?',
    questionSalt: SALT,
    origin: ORIGIN,
    options: ['a', 'b', 'c'].map((id) => ({ id, title: `Proposal ${id}` })),
    rule: { method: 'schulze' },
    secrecy: 'open',
    electorate: Object.entries(voters).map(([voterId, sketch]): Voter => {
      const passkey = sketch.algorithm !== undefined && sketch.algorithm !== 'ed25519';
      return {
        ...{ voterId, kind: passkey ? 'human' : 'llm', name: voterId.toUpperCase(), family: `house ${voterId}` },
        algorithm: 'ed25519',
        publicKey: base64(keys.get(voterId)!.signer.publicKey),
        custody: passkey ? 'passkey' : 'platform',
        ...{ roles: [], weight: 1, ...(passkey && { relyingParty: SITE }) },
        ...sketch,
      };
    }),
    gates: [],
    notices: [],
    engine: ENGINE,
    ...terms,
  };
}

export type Mutable<T> = T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;
/** A predicate that may be changed at will. */
export type Draft = Mutable<Omit<Predicate, 'tally'>> & {
  tally: Mutable<Omit<Predicate['tally'], 'detail'>> & { detail: Record<string, unknown> };
};

/** What an insider makes of a run: changed, and by default left with the signatures it has. */
export function changed({ predicate }: Run, edit: (draft: Draft) => void): Predicate {
  const draft: unknown = structuredClone(predicate);
  edit(draft as Draft);
  return draft as Predicate;
}

/** As {@link changed}, and all voters sign anew what it says now. */
export async function conspired(run: Run, edit: (draft: Draft) => void): Promise<Predicate> {
  const predicate = changed(run, edit);
  const draft = predicate as unknown as Draft;
  const terms = termsDigest(predicate);
  const agenda = hasRounds(predicate) ? agendaDigest(terms, agendaOf(predicate.options, predicate.discussion)) : terms;
  const sign = (voterId: string, bytes: Uint8Array) => signedAs(run.keys, voterId, bytes);
  for (const spoken of draft.discussion ?? [])
    spoken.signature = await sign(spoken.contribution.voterId, contributionBytes(spoken.contribution, terms));
  for (const { voterId, statements } of draft.ballots)
    for (const statement of statements)
      statement.signature = await sign(voterId, statementBytes(predicate, agenda, voterId, statement));
  if (draft.vetoed) draft.vetoed.signature = await sign(draft.vetoed.veto.voterId, vetoBytes(draft.vetoed.veto, terms));
  return predicate;
}
