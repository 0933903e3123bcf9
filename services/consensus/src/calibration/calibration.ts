import {
  agendaOf,
  estimateErrors,
  favouritesOf,
  NO_RECORD,
  standingOf,
  weightOfRecord,
  weightsOfEstimate,
  withOutcome,
  type Decision,
  type Observations,
} from '@conclave/consensus-core';
import { ConclaveError, events, type consensus, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, type Actor, type Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { PostgresDecisions } from '../decisions/postgres-decisions.js';
import { cursorOf } from '../page-cursor.js';
import { PostgresCalibration, type VoterOutcome } from './postgres-calibration.js';

type Asked = Pick<RequestOf<typeof consensus.openDecision>, 'calibration' | 'electorate'>;

/** How many decisions of a class agreement is estimated over. */
const LATEST = 50;

/**
 * Weights that voters earn: by outcomes that became known, or by agreement where none did. They are asked for when a
 * decision opens, become part of its terms there, and go into the log; nothing that is learned later changes them.
 */
@Injectable()
export class Calibration {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresDecisions) private readonly decisions: PostgresDecisions,
    @Inject(PostgresCalibration) private readonly calibration: PostgresCalibration,
  ) {}

  /** What the electorate has earned so far, in thousandths; empty for terms that do not ask for it. */
  async earned(tx: Tx, ctx: Actor, { calibration, electorate }: Asked): Promise<ReadonlyMap<string, number>> {
    if (!calibration) return new Map();
    const { method, taskClass } = calibration;
    const earned =
      method === 'beta' ? await this.byOutcomes(tx, ctx, taskClass) : await this.byAgreement(tx, ctx, taskClass);
    const unknown = weightOfRecord(NO_RECORD);
    return new Map(electorate.map(({ voterId }) => [voterId, earned.get(voterId) ?? unknown]));
  }

  /** Puts the weights of a decision that was opened with earned ones into the log, and the decision into its class. */
  async publish(
    tx: Tx,
    ctx: Actor,
    decision: string,
    asked: Asked,
    earned: ReadonlyMap<string, number>,
  ): Promise<void> {
    if (!asked.calibration) return;
    await this.calibration.addDecision(tx, ctx, decision, asked.calibration.taskClass);
    const weights = [...earned].map(([voter, weightMilli]) => ({ voter, weightMilli }));
    await tx.emit(events.calibrationFrozen, { decision, ...asked.calibration, weights });
  }

  /**
   * Records what turned out right, and thereby who was.
   *
   * @throws ConclaveError `consensus.decision.not-found` | `consensus.decision.phase` | `consensus.decision.malformed` | `consensus.calibration.conflict`
   */
  async record(
    ctx: RequestContext,
    { id, taskClass, right }: RequestOf<typeof consensus.recordHindsight>,
  ): Promise<ReplyOf<typeof consensus.recordHindsight>> {
    return this.db.tx(ctx, async (tx) => {
      const { decision } = await this.decisions.read(tx, ctx, id);
      if (decision.ended?.type !== 'decision.sealed') {
        throw new ConclaveError('consensus.decision.phase', { phase: decision.phase });
      }
      const named = [...new Set(right)].sort();
      requireOutcomes(decision, named);
      const voters = outcomesOf(decision, named);
      if (await this.calibration.addHindsight(tx, ctx, id, { taskClass, right: named })) {
        await this.calibration.addOutcomes(tx, ctx, id, taskClass, voters);
        await tx.emit(events.calibrationRecorded, { decision: id, taskClass, right: named });
      } else {
        const held = await this.calibration.hindsight(tx, ctx, id);
        if (JSON.stringify([held?.taskClass, held?.right]) !== JSON.stringify([taskClass, named]))
          throw new ConclaveError('consensus.calibration.conflict', { id });
      }
      return { id, taskClass, right: named, voters };
    });
  }

  /** A page of the weights, by voter: weights change between two pages. */
  async list(
    ctx: RequestContext,
    { taskClass, limit, after }: RequestOf<typeof consensus.listCalibration>,
  ): Promise<ReplyOf<typeof consensus.listCalibration>> {
    const seen = cursorOf('voter', after);
    const outcomes = await this.db.tx(ctx, (tx) => this.calibration.outcomes(tx, ctx, taskClass));
    const items = [...byVoter(outcomes)].map(([voterId, told]) => ({
      voterId,
      outcomes: told.length,
      right: told.filter(Boolean).length,
      weightMilli: weightOfRecord(told.reduce(withOutcome, NO_RECORD)),
    }));
    const rest = items.filter(({ voterId }) => seen === null || voterId > seen);
    rest.sort((a, b) => (a.voterId < b.voterId ? -1 : 1));
    const page = rest.slice(0, limit);
    const last = rest.length > limit ? page.at(-1) : undefined;
    return { items: page, ...(last && { next: last.voterId }) };
  }

  private async byOutcomes(tx: Tx, ctx: Actor, taskClass: string): Promise<Map<string, number>> {
    const told = byVoter(await this.calibration.outcomes(tx, ctx, taskClass));
    return new Map(
      [...told].map(([voterId, outcomes]) => [voterId, weightOfRecord(outcomes.reduce(withOutcome, NO_RECORD))]),
    );
  }

  private async byAgreement(tx: Tx, ctx: Actor, taskClass: string): Promise<Map<string, number>> {
    const said: (readonly [voterId: string, label: string])[][] = [];
    for (const id of await this.calibration.endedDecisions(tx, ctx, taskClass, LATEST)) {
      const labels = labelsOf((await this.decisions.read(tx, ctx, id)).decision);
      if (labels.length > 0) said.push(labels);
    }
    if (said.length === 0) return new Map();
    const voters = [...new Set(said.flat().map(([voterId]) => voterId))].sort();
    const labels = [...new Set(said.flat().map(([, label]) => label))].sort();
    if (voters.length * labels.length ** 2 > ESTIMATE_LIMIT)
      throw new ConclaveError('consensus.decision.malformed', {
        reason: 'calibration-too-large',
        path: '/calibration/method',
      });
    const items = said.map((item): Observations =>
      item.map(([v, l]) => [voters.indexOf(v), labels.indexOf(l)] as const),
    );
    const weights = weightsOfEstimate(estimateErrors(items, { observers: voters.length, classes: labels.length }));
    return new Map(voters.map((voterId, at) => [voterId, weights[at]!]));
  }
}

/** Voters times answers squared: what an estimate of everybody's errors has room for. */
const ESTIMATE_LIMIT = 1_000_000;

/** What can have been right: how the gate should have ended, or options of the decision. */
function requireOutcomes({ terms, discussion }: Decision, right: readonly string[]): void {
  const known =
    terms.rule.method === 'approval-gate'
      ? ['approved', 'rejected']
      : agendaOf(terms.options, discussion).map(({ id }) => id);
  const at = right.findIndex((option) => !known.includes(option));
  if (at >= 0)
    throw new ConclaveError('consensus.decision.malformed', { reason: 'option-unknown', path: `/right/${at}` });
}

function outcomesOf(decision: Decision, right: readonly string[]): VoterOutcome[] {
  return favouritesIn(decision).map(([voterId, favourites]) => ({
    voterId,
    wasRight: favourites.some((option) => right.includes(option)),
  }));
}

/** Per voter the one option it puts first; who puts several first says nothing that could be compared. */
function labelsOf(decision: Decision): (readonly [string, string])[] {
  return favouritesIn(decision).flatMap(([voterId, [first, ...others]]) =>
    first === undefined || others.length > 0 ? [] : [[voterId, first] as const],
  );
}

function favouritesIn({ terms, statements }: Decision): (readonly [string, readonly string[]])[] {
  return terms.electorate.flatMap(({ voterId }) => {
    const { status, ballot } = standingOf(statements.get(voterId) ?? []);
    return status === 'counted' && ballot ? [[voterId, favouritesOf(ballot)] as const] : [];
  });
}

function byVoter(outcomes: readonly VoterOutcome[]): Map<string, boolean[]> {
  const voters = new Map<string, boolean[]>();
  for (const { voterId, wasRight } of outcomes) {
    const told = voters.get(voterId);
    if (told) told.push(wasRight);
    else voters.set(voterId, [wasRight]);
  }
  return voters;
}
