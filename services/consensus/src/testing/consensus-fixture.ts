/** Consensus really running, voters with keys of their own, and an audit that keeps a real log for them. */
import { createHash, createPrivateKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import {
  ballotBytes,
  revealBytes,
  commitmentBytes,
  commitOf,
  contributionBytes,
  dataDigest,
  vetoBytes,
  type Ballot,
  type DiscussionPhase,
  type Signature,
} from '@conclave/consensus-core';
import { consensus, newId, type ReplyOf, type RequestInputOf } from '@conclave/contracts';
import {
  eventually,
  startServiceFixture,
  testPrincipal,
  type CallAs,
  type ServiceFixture,
  type TestPrincipal,
} from '@conclave/dev-env/testing';
import { postgres } from '@conclave/postgres-kit';
import { consensusEnvironment } from '../config.js';
import { ConsensusModule } from '../consensus.module.js';
import { deadlines } from '../decisions/deadlines.js';
import { decisionLanes } from '../decisions/decision-lanes.js';
import { rawOf } from './raw-key.js';
import { SoftAuthenticator } from './soft-authenticator.js';
import { TestLog } from './test-log.js';

const LOG_HOST = 'log.example';
/** Where people vote with passkeys. */
export const SITE = { rpId: 'conclave.example', origin: 'https://conclave.example' };
export type Terms = RequestInputOf<typeof consensus.openDecision>;
export type Decision = ReplyOf<typeof consensus.getDecision>;
type Says = Partial<Pick<Ballot, 'vote' | 'ranking' | 'score' | 'choice' | 'approve' | 'reason' | 'findingsSha256'>>;

interface Said {
  readonly option?: { readonly id: string; readonly title: string };
  readonly text?: string;
}

export const SHA256 = createHash('sha256').update('report').digest('hex');
const SALT = Buffer.alloc(32, 7).toString('base64');

/** A voter whose private key only the test holds: plain, or in an authenticator. */
export interface Voter {
  readonly voterId: string;
  readonly key: KeyObject | SoftAuthenticator;
}

/** A tenant that decides. */
export class Tenant {
  readonly me: TestPrincipal = testPrincipal();
  private readonly opened = new Map<string, Decision>();
  /** What ballots sign instead, once options that were discussed are frozen. */
  private readonly agendas = new Map<string, string>();

  constructor(private readonly fixture: ServiceFixture) {}

  /** The runtime, working for this tenant. */
  get runtime(): CallAs {
    return { claims: { tenantId: this.me.tenantId, onBehalfOf: 'service:runtime' }, from: 'runtime' };
  }

  async enrol(as: CallAs | TestPrincipal = this.runtime): Promise<Voter> {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const raw = rawOf(publicKey);
    const possession = 'claims' in as ? {} : { possession: await this.possession(raw, privateKey, as) };
    const request = { name: 'voter', publicKey: raw, algorithm: 'ed25519', ...possession } as const;
    const { voterId } = await this.fixture.call(consensus.enrolVoterKey, request, as);
    return { voterId, key: privateKey };
  }

  /** Answers a challenge with a key. */
  async possession(publicKey: string, key: KeyObject, as: TestPrincipal = this.me) {
    const { challenge } = await this.fixture.call(consensus.challengeVoterKey, {}, as);
    const bytes = Buffer.from(`conclave/voter-key/v1\n${challenge}\n${publicKey}`);
    return { challenge, value: sign(null, bytes, key).toString('base64') };
  }

  /** Enrols a passkey of a person. */
  async enrolPasskey(authenticator: SoftAuthenticator, as: TestPrincipal = this.me): Promise<Voter> {
    const { challenge } = await this.fixture.call(consensus.challengeVoterKey, {}, as);
    const registration = authenticator.register(Buffer.from(challenge, 'base64'));
    const { voterId } = await this.fixture.call(consensus.enrolPasskey, { name: 'passkey', registration }, as);
    return { voterId, key: authenticator };
  }

  async open(
    voters: readonly Voter[],
    terms: Partial<Terms> = {},
    as: CallAs | TestPrincipal = this.me,
  ): Promise<Decision> {
    const decision = await this.fixture.call(consensus.openDecision, this.termsOf(voters, terms), as);
    this.opened.set(decision.id, decision);
    return decision;
  }

  termsOf(voters: readonly Voter[], terms: Partial<Terms> = {}): Terms {
    return {
      question: 'Shall the change land?',
      options: [{ id: 'change', title: 'The change' }],
      rule: { method: 'approval-gate', variant: 'unanimous' },
      electorate: voters.map(({ voterId }, n) => ({
        voterId,
        kind: 'check',
        name: `juror ${n}`,
        family: `family ${n}`,
      })),
      ...terms,
    };
  }

  read(id: string): Promise<Decision> {
    return this.fixture.call(consensus.getDecision, { id }, this.me);
  }

  cast(id: string, voter: Voter, says: Says): Promise<Decision> {
    return this.fixture.call(consensus.castBallot, { id, ...this.signed(id, voter, says) }, this.me);
  }

  commit(id: string, voter: Voter, says: Says): Promise<Decision> {
    const { ballot } = this.signed(id, voter, says);
    const { voterId } = voter;
    const commitment = { round: 1, voterId, commit: commitOf(ballot, SALT) };
    const signature = signatureOf(voter, commitmentBytes({ decisionId: id, ...commitment }, this.termsSha256(id)));
    return this.fixture.call(consensus.commitBallot, { id, ...commitment, signature }, this.me);
  }

  reveal(id: string, voter: Voter, says: Says): Promise<Decision> {
    const said = { ballot: this.signed(id, voter, says).ballot, salt: SALT };
    const bytes = revealBytes(said, this.agendas.get(id) ?? this.termsSha256(id), this.opened.get(id) ?? {});
    return this.fixture.call(consensus.revealBallot, { id, ...said, signature: signatureOf(voter, bytes) }, this.me);
  }

  /** A ballot with its voter's signature, under the terms this tenant has seen. */
  signed(decisionId: string, voter: Voter, says: Says) {
    const { voterId } = voter;
    const ballot = { decisionId, round: 1, voterId, reason: 'because', ...mutable(says) };
    const digest = this.agendas.get(decisionId) ?? this.termsSha256(decisionId);
    return { ballot, signature: signatureOf(voter, ballotBytes(ballot, digest)) };
  }

  /** Says something before the vote; without option and text, that there is nothing to say. */
  async say(id: string, voter: Voter, phase: DiscussionPhase, { option, text }: Said = {}): Promise<Decision> {
    const { voterId } = voter;
    const contribution = {
      ...{ decisionId: id, voterId, phase },
      ...(option && { option }),
      ...(text !== undefined && { textSha256: dataDigest(SALT, text) }),
    };
    const signature = signatureOf(voter, contributionBytes(contribution, this.termsSha256(id)));
    const words = text === undefined ? {} : { text, salt: SALT };
    const request = { id, voterId, ...words, signature };
    const decision = await (phase === 'critique'
      ? this.fixture.call(consensus.makeCritique, request, this.me)
      : this.fixture.call(
          phase === 'propose' ? consensus.proposeOption : consensus.reviseProposal,
          { ...request, ...(option && { option }) },
          this.me,
        ));
    if (decision.agendaSha256) this.agendas.set(id, decision.agendaSha256);
    return decision;
  }

  abstain(id: string, voter: Voter, reason: string): Promise<Decision> {
    const { ballot, signature } = this.signed(id, voter, { vote: 'abstain', reason });
    return this.fixture.call(consensus.abstain, { id, voterId: ballot.voterId, reason, signature }, this.me);
  }

  veto(id: string, voter: Voter, reason: string): Promise<Decision> {
    const { voterId } = voter;
    const signature = signatureOf(voter, vetoBytes({ decisionId: id, voterId, reason }, this.termsSha256(id)));
    return this.fixture.call(consensus.castVeto, { id, voterId, reason, signature }, this.me);
  }

  report(id: string, gate: string, status: 'green' | 'red' | 'abstained'): Promise<Decision> {
    return this.fixture.call(
      consensus.recordEvidence,
      { id, gate, status, sha256: SHA256, reason: status },
      this.runtime,
    );
  }

  private termsSha256(id: string): string {
    return this.opened.get(id)?.termsSha256 ?? SHA256;
  }

  /** Waits until the decision has the given phase, or its receipt when that is asked. */
  until(id: string, phase: Decision['phase'], receipt = false): Promise<Decision> {
    return eventually(async () => {
      const decision = await this.read(id);
      if (decision.phase !== phase || decision.receiptReady !== receipt) throw new Error(JSON.stringify(decision));
      return decision;
    });
  }
}

export interface ConsensusFixture extends ServiceFixture {
  /** The raw public key receipts are signed with, base64. */
  readonly signingKey: string;
  /** An audit that logs what consensus says when it is told to, and enrolments by itself. */
  readonly log: TestLog;
  tenant(): Tenant;
}

export async function startConsensus(env: Readonly<Record<string, string>> = {}): Promise<ConsensusFixture> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const spec = {
    name: 'consensus' as const,
    module: ConsensusModule,
    environment: consensusEnvironment,
    resources: [postgres(), decisionLanes(), deadlines()],
  };
  const fixture = await startServiceFixture(spec, {
    CONSENSUS_SIGNING_KEY: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
    AUDIT_LOG_HOST: LOG_HOST,
    PASSKEY_ORIGINS: SITE.origin,
    ...env,
  });
  const log = new TestLog(fixture, await fixture.eventsOf('audit'), LOG_HOST);
  log.start();
  const stop = fixture.stop.bind(fixture);
  return Object.assign(fixture, {
    ...{ signingKey: rawOf(publicKey), log, tenant: () => new Tenant(fixture) },
    async stop() {
      await log.stop();
      await stop();
    },
  });
}

function signatureOf({ key }: Voter, bytes: Uint8Array): Signature {
  if (key instanceof SoftAuthenticator) return key.sign(createHash('sha256').update(bytes).digest());
  return { algorithm: 'ed25519', value: sign(null, bytes, key).toString('base64') };
}

/** A voter's key that is not the enrolled one. */
export function impostor({ voterId }: Voter): Voter {
  const der = generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' });
  return { voterId, key: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }) };
}

export const unknownDecision = (): string => newId('decision');

function mutable({ ranking, score, approve, ...rest }: Says) {
  return {
    ...rest,
    ...(ranking && { ranking: ranking.map((tier) => [...tier]) }),
    ...(score && { score: { ...score } }),
    ...(approve && { approve: [...approve] }),
  };
}
