import { createHash, randomBytes } from 'node:crypto';
import {
  admitOpening,
  appendTo,
  ENGINE,
  foldDecision,
  hasRounds,
  openingDigestOf,
  type Terms,
} from '@conclave/consensus-core';
import { ConclaveError, consensus, events, newId, type ReplyOf, type RequestOf } from '@conclave/contracts';
import { CONFIG, type RequestContext } from '@conclave/nest-kit';
import { Database, lock, once, outboundEvent, type Statements, type Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { ConsensusConfig } from '../config.js';
import { Calibration } from '../calibration/calibration.js';
import { ELECTORATES, type VoterKey } from '../voter-keys/postgres-voter-keys.js';
import { advance } from './advance.js';
import { wavesOf } from './consequences.js';
import { viewOf } from './decision-view.js';
import { ElectoralRoll } from './electoral-roll.js';
import { OvertakenError, PostgresDecisions, type Roll } from './postgres-decisions.js';
import { refused } from './refused.js';
import { requireRoomForReceipt, requireRoomForTerms } from './room.js';

type Request = RequestOf<typeof consensus.openDecision>;
type Reply = ReplyOf<typeof consensus.openDecision>;

/** How long each phase before the vote waits where the terms do not say. */
const ROUND_SECONDS = 600;
/** How often an opening begins anew because the roll has changed under it. */
const ATTEMPTS = 3;

/**
 * Opens a decision: freezes the voters' keys into its terms and announces them to the log.
 *
 * The same id with the same terms is a repeat. The deadline is patience, not a term: a repeat may name another, and
 * the first one stands.
 *
 * Which panel judges, and what evaluates for a voter, is believed of the runtime alone, which seats panels from the
 * target branch: through the edge anybody could name a panel and vote in its place with a key of their own.
 *
 * @throws ConclaveError `request.too-large` | `consensus.decision.claim` | `consensus.decision.exists` | `consensus.decision.malformed` | `consensus.voter-key.not-found`
 */
@Injectable()
export class OpenDecision {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresDecisions) private readonly decisions: PostgresDecisions,
    @Inject(ElectoralRoll) private readonly roll: ElectoralRoll,
    @Inject(Calibration) private readonly calibration: Calibration,
    @Inject(CONFIG) private readonly config: ConsensusConfig,
  ) {}

  async run(ctx: RequestContext, request: Request): Promise<Reply> {
    const members = ctx.service === 'runtime' ? [] : claimsOf(request);
    if (members.length > 0) throw new ConclaveError('consensus.decision.claim', { members });
    requireRoomForTerms(request);
    return this.onPresentRoll(ctx, () => {
      if (ctx.idempotencyKey === undefined && !request.calibration) return this.open(ctx, request);
      return this.db.tx(ctx, async (tx) => {
        await lock(tx, ctx, ELECTORATES, 'alongside');
        return once(tx, ctx, consensus.openDecision, request, () => this.open(ctx, request, tx));
      });
    });
  }

  /** Once more where a key or the log's origin has changed since they were read. */
  private async onPresentRoll(ctx: RequestContext, open: () => Promise<Reply>): Promise<Reply> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await open();
      } catch (error) {
        if (!(error instanceof OvertakenError) || attempt === ATTEMPTS) throw error;
        this.roll.forget(ctx);
      }
    }
  }

  /** By itself, or as a part of a transaction. */
  private async open(ctx: RequestContext, request: Request, tx?: Tx): Promise<Reply> {
    const reads = tx ?? this.db.reads(ctx);
    const { id = newId('decision'), deadlineAt: _deadline, roundSeconds: _patience, ...asked } = request;
    const requestSha256 = digestOf(asked);
    // An id of our own making is nobody's yet.
    const repeat = request.id === undefined ? undefined : await this.repeatOf(reads, ctx, id, requestSha256);
    if (repeat) return repeat;
    const earned = tx && (await this.calibration.earned(tx, ctx, request));
    const voters = request.electorate.map(({ voterId }) => voterId);
    const roll = await this.roll.read(reads, ctx, voters);
    const terms = this.termsOf(ctx, id, earned ? weighed(request, earned) : request, roll);
    const admission = admitOpening(terms);
    if (admission.refusal) throw refused(admission.refusal);
    requireRoomForReceipt(terms);
    const at = new Date().toISOString();
    const opened = appendTo(0, admission.events, at);
    const first = [...opened, ...advance(foldDecision(opened), 'complete', at)];
    const told = [
      outboundEvent(ctx, events.decisionOpened, { decision: id, termsSha256: openingDigestOf(terms), openedAt: at }),
      ...wavesOf(ctx, foldDecision(first), first),
    ];
    const held = await this.decisions.claim(
      ctx,
      first,
      { requestSha256, deadlineAt: firstDeadlineOf(terms), told, roll },
      tx,
    );
    if (held === 'taken') {
      const faster = await this.repeatOf(reads, ctx, id, requestSha256);
      if (faster) return faster;
      throw new Error(`decision ${id} was neither claimed nor found`);
    }
    const written = (): void => {
      this.decisions.remember(ctx, held);
      this.db.emitted();
    };
    if (tx) tx.afterCommit(written);
    else written();
    if (tx && earned) await this.calibration.publish(tx, ctx, id, request, earned);
    return viewOf(held);
  }

  private async repeatOf(tx: Statements, ctx: RequestContext, id: string, sha256: string): Promise<Reply | undefined> {
    const held = await this.decisions.find(tx, ctx, id);
    if (held && held.requestSha256 !== sha256) throw new ConclaveError('consensus.decision.exists', { id });
    return held && viewOf(held);
  }

  private termsOf(ctx: RequestContext, id: string, request: Request, { keys, origin }: Roll): Terms {
    requireSeparateDuties(ctx, request, keys);
    const { id: _id, deadlineAt: _deadline, roundSeconds, electorate, ...terms } = request;
    return {
      ...terms,
      ...{ decisionId: id, engine: ENGINE },
      ...(request.secrecy === 'sealed' && { signedReveals: true }),
      ...(hasRounds(request) && { roundSeconds: roundSeconds ?? ROUND_SECONDS }),
      questionSalt: randomBytes(32).toString('base64'),
      origin: origin ?? `${this.config.AUDIT_LOG_HOST}/log/${ctx.tenantId}`,
      electorate: electorate.map((elector) => {
        const key = keys.get(elector.voterId);
        if (!key) throw new ConclaveError('consensus.voter-key.not-found', { voterId: elector.voterId });
        if (key.pending) throw new ConclaveError('consensus.voter-key.pending', { voterId: elector.voterId });
        const { algorithm, publicKey, custody, rpId, origin } = key;
        const site = rpId !== null && origin !== null ? { relyingParty: { rpId, origin } } : {};
        return { ...elector, algorithm, publicKey, custody, ...site };
      }),
      deadlineAt: this.deadlineOf(request),
    };
  }

  private deadlineOf({ deadlineAt }: Request): string {
    const at = deadlineAt ? Date.parse(deadlineAt) : Date.now() + this.config.DECISION_TTL_SECONDS * 1_000;
    return new Date(at).toISOString();
  }
}

/** In a decision with rounds the first of them has its own time; the deadline is the vote's. */
function firstDeadlineOf({ deadlineAt, roundSeconds }: Terms): string {
  return roundSeconds === undefined ? deadlineAt! : new Date(Date.now() + roundSeconds * 1_000).toISOString();
}

/** Nobody sits who was excluded, nor a key that an excluded principal enrolled. */
function requireSeparateDuties(
  ctx: RequestContext,
  { electorate, electorateRules }: Request,
  keys: ReadonlyMap<string, VoterKey>,
): void {
  const excluded = electorateRules?.excluded?.map((name) => (name === 'opener' ? ctx.actor : name)) ?? [];
  const at = electorate.findIndex(({ voterId }) => excluded.includes(keys.get(voterId)?.enrolledBy ?? ''));
  if (at >= 0)
    throw new ConclaveError('consensus.decision.malformed', { reason: 'voter-excluded', path: `/electorate/${at}` });
}

/** The electorate with the weights it has earned in place of those it was given. */
function weighed(request: Request, earned: ReadonlyMap<string, number>): Request {
  const electorate = request.electorate.map((elector) => ({
    ...elector,
    weight: elector.weight * (earned.get(elector.voterId) ?? 1),
  }));
  return { ...request, electorate };
}

/** Members by which whoever opens a decision would vouch for who judges. */
function claimsOf({ policy, electorate }: Request): string[] {
  return [
    ...(policy ? ['policy'] : []),
    ...electorate.flatMap(({ evaluator }, at) => (evaluator ? [`electorate.${at}.evaluator`] : [])),
  ];
}

/** The contract's schema has put the members into its own order, so equal terms have equal text. */
function digestOf(terms: object): string {
  return createHash('sha256').update(JSON.stringify(terms)).digest('hex');
}
