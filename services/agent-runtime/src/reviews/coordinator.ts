import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CHECKS, PROGRAM_VERSIONS, changeSha256, type PanelManifest, type PanelSeat } from '@conclave/checks';
import { ConclaveError, consensus, idFromDigest, type ReviewResult } from '@conclave/contracts';
import { GitError, treeOf } from '@conclave/connectors';
import { CONFIG, KIT, type Kit } from '@conclave/nest-kit';
import type { Actor } from '@conclave/postgres-kit';
import type { RuntimeConfig } from '../config.js';
import type { Activation, AgentPort, TaskSpec, Turn } from '../engine/agent-port.js';
import { ModelRoutes } from '../models/model-routes.js';
import { Panels } from '../panels/panels.js';
import { PostgresRuns } from '../runs/postgres-runs.js';
import { Signer } from '../voters/signer.js';
import { Changes, type ReviewOfRun } from './changes.js';
import { DEFAULT_PANEL, JURY_FILE, JuryError, readJury } from './jury.js';
import type { Prepared, Seat, SeatInput } from './prepared.js';
import { resultOf, type SealedAnswer, type SeatResult } from './review-result.js';

export const COORDINATOR = 'review/coordinator';

/**
 * Leads a review: reads the change and the target branch's jury, opens the decision, seats the panel, and parks until
 * the decision is sealed.
 */
@Injectable()
export class Coordinator implements AgentPort {
  readonly name = COORDINATOR;

  constructor(
    @Inject(Changes) private readonly changes: Changes,
    @Inject(Panels) private readonly panels: Panels,
    @Inject(Signer) private readonly signer: Signer,
    @Inject(ModelRoutes) private readonly models: ModelRoutes,
    @Inject(PostgresRuns) private readonly runs: PostgresRuns,
    @Inject(KIT) private readonly kit: Kit,
    @Inject(CONFIG) private readonly config: RuntimeConfig,
  ) {}

  async activate(turn: Turn): Promise<Activation> {
    if (turn.answer !== undefined) return this.conclude(turn, turn.answer as SealedAnswer);
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
    const prepared = await turn.step('prepare', () => this.prepare(turn));
    const { subject, panel } = prepared;
    const decisionId = decisionOf(turn.runId);
    await turn.tell('prepared', 'review.prepared', {
      subject,
      panel,
      notices: prepared.notices,
      seats: prepared.seats.map((s) => s.seat),
    });
    const termsSha256 = await turn.step('open-decision', async () => {
      const terms = this.termsOf(decisionId, prepared);
      const opened = await this.kit.rpc.callAsService(
        consensus.openDecision,
        { tenantId: turn.tenantId, onBehalfOf: actorOf(turn).actor },
        terms,
      );
      await this.runs.nameDecision(actorOf(turn), turn.runId, decisionId);
      return opened.termsSha256;
    });
    await turn.tell('opened', 'decision.opened', { decision: decisionId });
    return {
      kind: 'parked',
      wait: {
        kind: 'decision-sealed',
        key: decisionId,
        expiresInMs: this.config.REVIEW_DEADLINE_MS + 30_000,
        defaultAnswer: { expired: true },
      },
      spawn: prepared.seats.map((seat) => taskOf({ decisionId, termsSha256, seat, secrecy: prepared.secrecy })),
    };
  }

  private async prepare(turn: Turn): Promise<Prepared> {
    const review = turn.runInput as unknown as ReviewOfRun['review'];
    const { repository, change } = await this.changes.open({ tenantId: turn.tenantId, runId: turn.runId, review });
    const jury = await readJury(repository, review.target);
    const name = review.panel ?? jury?.panel ?? DEFAULT_PANEL;
    const { manifest, sha256 } = await this.panels.get(actorOf(turn), name);
    const command = jury?.tests?.command ?? review.test;
    const seats = await this.seatsOf(turn, manifest);
    return {
      subject: {
        repository: review.repository,
        base: review.base,
        head: review.head,
        tree: await treeOf(repository, review.head),
        diffSha256: changeSha256(change),
      },
      panel: { name, sha256, source: jury ? `${JURY_FILE} at ${review.target}` : 'built-in default' },
      rule: manifest.rule,
      secrecy: secrecyOf(manifest, seats),
      notices: noticesOf(
        change.files.map((file) => file.path),
        jury?.tests !== undefined && review.test !== undefined,
        change.limits.map((hit) => `${hit.limit}: ${hit.max} of ${hit.seen}`),
      ),
      tests: command
        ? {
            command,
            dependencies: jury?.tests?.dependencies ?? [],
            timeoutMs: jury?.tests?.timeoutSeconds ? jury.tests.timeoutSeconds * 1_000 : this.config.TEST_TIMEOUT_MS,
          }
        : null,
      seats,
      deadlineAt: new Date(Date.now() + this.config.REVIEW_DEADLINE_MS).toISOString(),
    };
  }

  /** The manifest's seats with their voters; a model seat is filled once per configured route, and by nobody without one. */
  private async seatsOf(turn: Turn, manifest: PanelManifest): Promise<Seat[]> {
    const seats: Seat[] = [];
    for (const seat of manifest.seats) {
      if (seat.agent === 'llm') {
        for (const route of this.models.routes()) {
          const voter = await this.signer.voterOf(actorOf(turn), `llm/${route.id}@${seat.version}`);
          seats.push({
            ...seatBase(seat),
            seat: `${seat.seat}:${route.id}`,
            family: route.family,
            voterId: voter.voterId,
            model: route.id,
          });
        }
        continue;
      }
      assertShipped(seat);
      if (seat.kind === 'gate') seats.push(seatBase(seat));
      else
        seats.push({
          ...seatBase(seat),
          voterId: (await this.signer.voterOf(actorOf(turn), `${seat.agent}/${seat.seat}@${seat.version}`)).voterId,
        });
    }
    return seats;
  }

  private termsOf(decisionId: string, { subject, panel, rule, secrecy, notices, seats, deadlineAt }: Prepared) {
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
    };
  }

  private async conclude(turn: Turn, answer: SealedAnswer): Promise<Activation> {
    const prepared = await turn.step<Prepared>('prepare', () =>
      Promise.reject(new Error('the journal has no prepare step')),
    );
    const seats = (await turn.siblings()) as Record<string, SeatResult>;
    const result: ReviewResult = resultOf({ prepared, decisionId: decisionOf(turn.runId), answer, seats });
    await this.changes.close(turn.runId);
    return { kind: 'done', result };
  }
}

const seatBase = ({ seat, kind, agent, family, version }: PanelSeat): Seat => ({ seat, kind, agent, family, version });

/** The decision of a run: derived, so that opening it twice opens it once. */
export const decisionOf = (runId: string): string =>
  idFromDigest('decision', createHash('sha256').update(`conclave/review-decision/v1\n${runId}`).digest());

const evaluatorSha256 = (seat: Seat): string =>
  createHash('sha256')
    .update(`${seat.agent}/${seat.model ?? seat.seat}@${seat.version}`)
    .digest('hex');

const actorOf = (turn: Turn): Actor => ({ tenantId: turn.tenantId, actor: 'service:runtime' });

function taskOf(input: SeatInput): TaskSpec {
  const { seat } = input;
  return { id: `${seat.kind}/${seat.seat}`, agent: `review/${seat.agent}`, input };
}

/** Two or more jurors that could be swayed by each other vote sealed, whatever the manifest says. */
function secrecyOf(manifest: PanelManifest, seats: readonly Seat[]): 'open' | 'sealed' {
  return seats.filter((seat) => seat.agent === 'llm').length >= 2 ? 'sealed' : manifest.secrecy;
}

/** A panel that wants another version than this bundle ships must not be judged by the wrong one. */
function assertShipped(seat: PanelSeat): void {
  const shipped =
    seat.agent === 'check' ? CHECKS.find((check) => check.id === seat.seat)?.version : PROGRAM_VERSIONS[seat.agent];
  if (shipped !== seat.version)
    throw new JuryError(
      `the panel asks for ${seat.seat} version ${seat.version}; this platform ships ${shipped ?? 'none'}`,
    );
}

function noticesOf(paths: readonly string[], testIgnored: boolean, limits: readonly string[]): string[] {
  return [
    ...(paths.some((path) => path.startsWith('.conclave/'))
      ? ['The change edits .conclave/: it was judged by the jury of the target branch.']
      : []),
    ...(testIgnored ? ['--test was ignored: the target branch names the test command.'] : []),
    ...limits.map((limit) => `Not everything was read (${limit}).`),
  ];
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
