import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { PROGRAM_VERSIONS } from '@conclave/checks';
import { ConclaveError, consensus, idFromDigest, type ReviewResult } from '@conclave/contracts';
import { GitError } from '@conclave/connectors';
import { CONFIG, KIT, type Kit } from '@conclave/nest-kit';
import type { RuntimeConfig } from '../config.js';
import type { Activation, AgentPort, Json, TaskSpec, Turn } from '../engine/agent-port.js';
import { PostgresRuns } from '../runs/postgres-runs.js';
import { JuryError } from './jury.js';
import { PrepareReview } from './prepare-review.js';
import { PREPARE, type Opened, type Prepared, type Seat, type SeatInput } from './prepared.js';
import { actorOf } from './review-of.js';
import { resultOf, type ReviewParts, type SealedAnswer, type SeatResult, type WaveAnswer } from './review-result.js';

export const COORDINATOR = 'review/coordinator';

/**
 * Leads a review: reads the change and the target branch's jury, opens the decision, seats the panel, and parks until
 * the decision is sealed.
 */
@Injectable()
export class Coordinator implements AgentPort {
  readonly name = COORDINATOR;

  constructor(
    @Inject(PrepareReview) private readonly preparation: PrepareReview,
    @Inject(PostgresRuns) private readonly runs: PostgresRuns,
    @Inject(KIT) private readonly kit: Kit,
    @Inject(CONFIG) private readonly config: RuntimeConfig,
  ) {}

  async activate(turn: Turn): Promise<Activation> {
    const answer = turn.answer as SealedAnswer | WaveAnswer | undefined;
    if (answer !== undefined && 'voters' in answer) return this.ask(turn, answer.voters);
    if (answer !== undefined) return 'canceled' in answer ? this.forget() : this.conclude(turn, answer);
    try {
      return await this.openPanel(turn);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal) return { kind: 'failed', ...refusal };
      throw error;
    }
  }

  async giveUp(_turn: Turn, reason: string): Promise<Activation> {
    return { kind: 'failed', code: 'review.failed', message: reason };
  }

  private async openPanel(turn: Turn): Promise<Activation> {
    const prepared = await turn.step(PREPARE, () => this.preparation.run(turn));
    const { subject, panel } = prepared;
    const decisionId = decisionOf(turn.runId);
    await turn.tell('prepared', 'review.prepared', {
      subject,
      panel,
      notices: prepared.notices,
      seats: prepared.seats.map((s) => s.seat),
    });
    const opened = await turn.step('open-decision', async () => {
      const terms = this.termsOf(decisionId, prepared);
      const { termsSha256, signedReveals = false } = await this.kit.rpc.callAsService(
        consensus.openDecision,
        { tenantId: turn.tenantId, onBehalfOf: actorOf(turn).actor },
        terms,
      );
      await this.runs.nameDecision(actorOf(turn), turn.runId, decisionId);
      return { termsSha256, signedReveals };
    });
    await turn.tell('opened', 'decision.opened', { decision: decisionId });
    if (!prepared.inWaves) return this.seat(turn, prepared, opened, prepared.seats);
    const first = await turn.step('first-wave', () => this.firstWave(turn, decisionId));
    const seats = prepared.seats.filter(({ kind, voterId }) => kind === 'gate' || first.includes(voterId!));
    return this.seat(turn, prepared, opened, seats);
  }

  /** Whom consensus asks first: nobody has been given a seat yet, so nobody can have spoken. */
  private async firstWave(turn: Turn, decisionId: string): Promise<string[]> {
    const context = { tenantId: turn.tenantId, onBehalfOf: actorOf(turn).actor };
    const { ballots } = await this.kit.rpc.callAsService(consensus.getDecision, context, { id: decisionId });
    return ballots.filter(({ status }) => status === 'pending').map(({ voterId }) => voterId);
  }

  /** The next wave. Its voters are the platform's own, so none can have spoken while this run was not parked. */
  private async ask(turn: Turn, voters: readonly string[]): Promise<Activation> {
    const prepared = await journaled<Prepared>(turn, PREPARE);
    const opened = await journaled<Opened | string>(turn, 'open-decision');
    const seats = prepared.seats.filter(({ voterId }) => voterId !== undefined && voters.includes(voterId));
    return this.seat(turn, prepared, opened, seats);
  }

  /** Gives these seats their tasks and waits for the decision. */
  private seat(turn: Turn, { secrecy }: Prepared, opened: Opened | string, seats: readonly Seat[]): Activation {
    const decisionId = decisionOf(turn.runId);
    return {
      kind: 'parked',
      wait: {
        kind: 'decision-sealed',
        key: decisionId,
        expiresInMs: this.config.REVIEW_DEADLINE_MS + 30_000,
        defaultAnswer: { expired: true },
      },
      spawn: seats.map((seat) => taskOf({ decisionId, seat, secrecy, ...openedOf(opened) })),
    };
  }

  private termsOf(decisionId: string, prepared: Prepared) {
    const { subject, panel, rule, secrecy, notices, seats, deadlineAt, inWaves } = prepared;
    const jurors = seats.filter((seat) => seat.kind === 'juror');
    return {
      id: decisionId,
      question: `May ${subject.head.slice(0, 12)} be merged into ${subject.repository}?`,
      options: [
        { id: 'approved', title: 'Merge the change' },
        { id: 'rejected', title: 'Do not merge the change' },
      ],
      rule,
      secrecy,
      electorate: jurors.map((seat) => ({
        voterId: seat.voterId!,
        kind: seat.agent === 'llm' ? ('llm' as const) : ('check' as const),
        name: seat.seat,
        family: seat.family,
        roles: ['juror'],
        weight: 1,
        evaluator: {
          id: seat.model ?? seat.seat,
          version: seat.version,
          sha256: evaluatorSha256(seat),
          deterministic: seat.agent === 'check',
        },
      })),
      gates: seats.filter((seat) => seat.kind === 'gate').map((seat) => seat.seat),
      subject,
      policy: { panel: panel.name, panelSha256: panel.sha256, source: panel.source },
      notices: [...notices],
      deadlineAt,
      ...(inWaves && { earlyStop: 'certain' as const, waves: true }),
    };
  }

  /** A canceled decision has no outcome, and the run that waited for it none either. */
  private forget(): Activation {
    return { kind: 'failed', code: 'decision.canceled', message: 'the decision of this review was canceled' };
  }

  private async conclude(turn: Turn, answer: ReviewParts['answer']): Promise<Activation> {
    const prepared = await journaled<Prepared>(turn, PREPARE);
    const seats = (await turn.stepsOf('judge')) as Record<string, SeatResult>;
    const result: ReviewResult = resultOf({ prepared, decisionId: decisionOf(turn.runId), answer, seats });
    return { kind: 'done', result };
  }
}

/** What an earlier turn found. */
const journaled = <T extends Json>(turn: Turn, step: string): Promise<T> =>
  turn.step<T>(step, () => Promise.reject(new Error(`the journal has no step ${step}`)));

/** The decision of a run: derived, so that opening it twice opens it once. */
const decisionOf = (runId: string): string =>
  idFromDigest('decision', createHash('sha256').update(`conclave/review-decision/v1\n${runId}`).digest());

const evaluatorSha256 = (seat: Seat): string =>
  createHash('sha256')
    .update(`${seat.agent}/${seat.model ?? seat.seat}@${seat.version}`)
    .digest('hex');

/** Journals of decisions whose reveals sign no salt hold the digest alone. */
const openedOf = (opened: Opened | string): Opened =>
  typeof opened === 'string' ? { termsSha256: opened, signedReveals: false } : opened;

function taskOf(input: SeatInput): TaskSpec {
  const { seat } = input;
  return {
    id: `${seat.kind}/${seat.seat}`,
    agent: `review/${seat.agent}`,
    input,
    slow: seat.agent in PROGRAM_VERSIONS,
    ...(seat.model !== undefined && { provider: seat.model.split('/', 1)[0]! }),
  };
}

/** Faults of what was sent, as opposed to ours: they end the run with a code instead of being retried. */
function refusalOf(error: unknown): { code: string; message: string } | undefined {
  if (error instanceof GitError && error.code !== 'timeout')
    return { code: `git.${error.code}`, message: error.message };
  if (error instanceof JuryError) return { code: 'jury.unusable', message: error.message };
  if (error instanceof ConclaveError && error.code === 'runtime.panel.not-installed')
    return { code: error.code, message: `the panel ${String(error.params['panel'])} is not installed` };
  return undefined;
}
