import { randomBytes } from 'node:crypto';
import { ballotBytes, commitOf, commitmentBytes, revealBytes } from '@conclave/consensus-core';
import { ConclaveError, consensus, type Contract, type RequestInputOf, type RunEvent } from '@conclave/contracts';
import type { Kit } from '@conclave/nest-kit';
import { budgetAnswer } from '../budgets/out-of-budget.js';
import type { Activation, AgentPort, Turn } from '../engine/agent-port.js';
import type { Signer } from '../voters/signer.js';
import type { SeatInput } from './prepared.js';
import { actorOf } from './review-of.js';
import type { SeatResult } from './review-result.js';

/** How long to wait to be told that reveals are welcome before asking; the wait itself lasts until the decision ends. */
const REVEAL_PATIENCE_MS = 600_000;
const ROUND = 1;
const REASON_BYTES = 2_000;
/** Refusals that mean the decision went on without this seat; the seat's result stands, its ballot does not count. */
const TOO_LATE: readonly string[] = [
  'consensus.ballot.late',
  'consensus.decision.phase',
  'consensus.decision.not-found',
];
/** Why a reveal can come too early: another juror has not committed yet, or no checkpoint holds the commits. */
const TOO_EARLY: readonly unknown[] = ['commits-open', 'commits-unpublished'];

export interface SeatParts {
  readonly kit: Kit;
  readonly signer: Signer;
}

/**
 * A seat of the panel: judges once, then hands in what it found — evidence for a gate, a signed ballot for a juror, in
 * two parts when the decision is sealed. Judging and each hand-over are journaled steps.
 */
export abstract class SeatAgent implements AgentPort {
  abstract readonly name: string;

  protected constructor(protected readonly parts: SeatParts) {}

  /** Judges the change. Everything it returns must be the same when it is asked again. */
  protected abstract judge(turn: Turn, input: SeatInput): Promise<SeatResult>;

  async activate(turn: Turn): Promise<Activation> {
    const input = turn.input as unknown as SeatInput;
    const result = await turn.step('judge', () => this.judge(turn, input));
    return this.handIn(turn, input, result);
  }

  /**
   * The others are not kept waiting for a seat that cannot judge: a juror abstains with the reason. A gate is red, since
   * evidence that we failed to get must not read like evidence that was not asked for.
   */
  async giveUp(turn: Turn, reason: string): Promise<Activation> {
    const input = turn.input as unknown as SeatInput;
    const result = await turn.step('judge', async (): Promise<SeatResult> => {
      const silent = abstention(input.seat, `could not judge: ${firstLine(reason)}`);
      return silent.kind === 'gate' ? { ...silent, vote: 'red' } : silent;
    });
    return this.handIn(turn, input, result);
  }

  private async handIn(turn: Turn, input: SeatInput, result: SeatResult): Promise<Activation> {
    if (isFirst(turn)) await turn.tell('judged', 'seat.judged', storyOf(result));
    if (result.kind === 'gate') {
      await this.once(turn, 'evidence', consensus.recordEvidence, async () => ({
        id: input.decisionId,
        gate: result.seat,
        ...evidenceOf(result),
      }));
      return { kind: 'done', result };
    }
    const ballot = ballotOf(input, result);
    if (input.secrecy === 'open') {
      await this.once(turn, 'ballot', consensus.castBallot, async () => ({
        id: input.decisionId,
        ballot,
        signature: await this.signature(turn, input, ballotBytes(ballot, input.termsSha256)),
      }));
      return { kind: 'done', result };
    }
    return this.commitThenReveal(turn, input, ballot, result);
  }

  /** Until the commits are closed and published, the ballot exists in this service alone. */
  private async commitThenReveal(
    turn: Turn,
    input: SeatInput,
    ballot: JurorBallot,
    result: SeatResult,
  ): Promise<Activation> {
    const salt = await turn.step('salt', async () => randomBytes(32).toString('base64'));
    const { decisionId, seat } = input;
    if (isFirst(turn)) {
      const commitment = { decisionId, round: ROUND, voterId: seat.voterId!, commit: commitOf(ballot, salt) };
      await this.once(turn, 'commit', consensus.commitBallot, async () => ({
        id: decisionId,
        voterId: seat.voterId!,
        round: ROUND,
        commit: commitment.commit,
        signature: await this.signature(turn, input, commitmentBytes(commitment, input.termsSha256)),
      }));
      return untilReveal(decisionId);
    }
    const bytes = revealBytes({ ballot, salt }, input.termsSha256, input);
    try {
      await this.once(turn, 'reveal', consensus.revealBallot, async () => ({
        ...{ id: decisionId, ballot, salt },
        signature: await this.signature(turn, input, bytes),
      }));
    } catch (error) {
      if (isTooEarly(error)) return untilReveal(decisionId);
      throw error;
    }
    return { kind: 'done', result };
  }

  /** Also the request is made inside the step: what was handed in is not signed again. */
  private async once<C extends Contract>(
    turn: Turn,
    name: string,
    contract: C,
    requestOf: () => Promise<RequestInputOf<C>>,
  ): Promise<void> {
    await turn.step(name, async () => {
      try {
        await this.parts.kit.rpc.callAsService(
          contract,
          { tenantId: turn.tenantId, onBehalfOf: 'service:runtime' },
          await requestOf(),
        );
        return 'accepted';
      } catch (error) {
        if (error instanceof ConclaveError && TOO_LATE.includes(error.code) && !isTooEarly(error)) return error.code;
        throw error;
      }
    });
  }

  private async signature(
    turn: Turn,
    input: SeatInput,
    bytes: Uint8Array,
  ): Promise<{ algorithm: 'ed25519'; value: string }> {
    return { algorithm: 'ed25519', value: await this.parts.signer.sign(actorOf(turn), input.seat.voterId!, bytes) };
  }
}

const untilReveal = (decisionId: string): Activation => ({
  kind: 'parked',
  wait: {
    kind: 'reveal-opened',
    key: decisionId,
    expiresInMs: REVEAL_PATIENCE_MS,
    defaultAnswer: { expired: true },
  },
});

/** Nothing was handed in yet: the seat has waited for nothing, or for money. */
const isFirst = ({ answer }: Turn): boolean => answer === undefined || budgetAnswer(answer) !== undefined;

const isTooEarly = (error: unknown): boolean =>
  error instanceof ConclaveError &&
  error.code === 'consensus.decision.phase' &&
  TOO_EARLY.includes(error.params['reason']);

/** An abstaining result: says why, finds nothing, costs nothing. */
export function abstention(seat: SeatInput['seat'], reason: string): SeatResult {
  return {
    seat: seat.seat,
    kind: seat.kind,
    vote: 'abstain',
    reason,
    findings: [],
    findingsSha256: null,
    usage: NO_USAGE,
  };
}

export const NO_USAGE = { inputTokens: 0, outputTokens: 0, costMicros: 0 } as const;

type JurorBallot = ReturnType<typeof ballotOf>;

function ballotOf({ decisionId, seat }: SeatInput, result: SeatResult) {
  return {
    decisionId,
    round: ROUND,
    voterId: seat.voterId!,
    vote: result.vote as 'yes' | 'no' | 'abstain',
    reason: beginningOf(result.reason),
    ...(result.findingsSha256 ? { findingsSha256: result.findingsSha256 } : {}),
  };
}

function evidenceOf(result: SeatResult) {
  const status = result.vote === 'abstain' ? ('abstained' as const) : (result.vote as 'green' | 'red');
  return { status, sha256: result.findingsSha256 ?? '0'.repeat(64), reason: beginningOf(result.reason) };
}

const storyOf = ({ seat, kind, vote, reason, findings }: SeatResult): RunEvent['data'] => ({
  seat,
  kind,
  vote,
  reason,
  errors: findings.filter((finding) => finding.severity === 'error').length,
  warnings: findings.filter((finding) => finding.severity === 'warning').length,
});

/** What fits a seat's share of the decision, also on a large panel; the findings say the rest. */
const beginningOf = (reason: string): string =>
  Buffer.byteLength(reason) <= REASON_BYTES
    ? reason
    : Buffer.from(reason)
        .subarray(0, REASON_BYTES)
        .toString('utf8')
        .replace(/\ufffd+$/, '');

const firstLine = (text: string): string => text.split('\n', 1)[0]!.slice(0, 300);
