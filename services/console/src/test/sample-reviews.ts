/** Reviews as the platform would tell of them: a panel of gates and jurors, with everything that is shown of it. */
import { idFromDigest, newId, type Decision, type ReviewResult, type Run, type RunEvent } from '@conclave/contracts';
import { createHash } from 'node:crypto';
import type { Review } from './deciding.js';
import { commit, findings, sha256, subject as sample } from './sample-change.js';

type Vote = 'yes' | 'no' | 'abstain';
type Seat = readonly [name: string, vote: Vote, reason: string];

const panel = { name: 'conclave/review', sha256: sha256('panel'), source: `.conclave/panel.json at ${sample.base}` };

const rejecting: readonly Seat[] = [
  ['tests-weakened', 'no', 'A test is skipped and an assertion is gone that were there before.'],
  ['secrets', 'no', 'A credential is committed in src/discounts.js.'],
  ['bidi', 'no', 'A character reorders what readers see.'],
  ['supply-chain', 'no', 'A dependency is declared that the lockfile does not know.'],
  ['suppressions', 'yes', 'No check was switched off.'],
  ['agent-config', 'yes', 'No agent configuration is touched.'],
  ['scope', 'yes', 'One behaviour changed that the intent does not mention; a warning.'],
  ['complexity', 'yes', 'Nothing grew more complex than before.'],
  ['co-change', 'abstain', 'The history has too few commits to know what belongs together.'],
];
const approving: readonly Seat[] = rejecting.map(([name, vote]) =>
  vote === 'abstain' ? [name, 'abstain', 'Does not apply to this change.'] : [name, 'yes', 'Nothing introduced.'],
);

export interface ReviewTerms {
  readonly title: string;
  readonly outcome: 'approved' | 'rejected';
  readonly startedAt: number;
  readonly tookMs: number;
  readonly workspace: string;
}

/** A review that has ended, with the run that asked for it. */
export function endedReview(terms: ReviewTerms): Review & { readonly run: Run } {
  const { title, outcome, startedAt, tookMs, workspace } = terms;
  const id = newId('run', startedAt);
  const subject = { ...sample, head: commit(title), tree: commit(`tree of ${title}`) };
  const rejected = outcome === 'rejected';
  const decision = decisionOf(
    { run: id, subject },
    rejected ? rejecting : approving,
    outcome,
    startedAt + 900,
    startedAt + tookMs,
  );
  const result: ReviewResult = {
    ...{ outcome, reason: decision.outcome!.reason, decision: decision.id, subject, panel },
    seats: [
      { seat: 'tests', kind: 'gate', vote: 'green', reason: decision.evidence[0]!.reason },
      ...decision.ballots.map(({ name, vote, reason = '' }) => ({
        seat: name,
        kind: 'juror' as const,
        vote: vote!,
        reason,
      })),
    ],
    findings: rejected ? [...findings] : [],
    notices: decision.notices,
    usage: { inputTokens: 0, outputTokens: 0, costMicros: 0 },
  };
  const run: Run = {
    ...{ id, kind: 'review', title, state: 'completed', workspace, decision: decision.id, outcome },
    ...{ createdAt: iso(startedAt), updatedAt: iso(startedAt + tookMs) },
  };
  return { decision, result, run };
}

function decisionOf(
  { run, subject }: { readonly run: string; readonly subject: typeof sample },
  seats: readonly Seat[],
  outcome: string,
  openedAt: number,
  sealedAt: number,
): Decision {
  const rejected = outcome === 'rejected';
  return {
    id: idFromDigest('decision', createHash('sha256').update(run).digest()),
    question: `May ${subject.head.slice(0, 12)} be merged into ${subject.repository}?`,
    termsSha256: sha256('terms'),
    phase: 'sealed',
    secrecy: 'open',
    options: [
      { id: 'approved', title: 'Merge the change' },
      { id: 'rejected', title: 'Do not merge the change' },
    ],
    rule: { method: 'approval-gate', variant: 'unanimous' },
    subject,
    policy: { panel: panel.name, panelSha256: panel.sha256, source: panel.source },
    notices: rejected ? ['The change touches package.json, which decides what its own tests run.'] : [],
    ballots: seats.map(([name, vote, reason], at) => ({
      ...{
        voterId: idFromDigest('voter', createHash('sha256').update(name).digest()),
        name,
        kind: 'check',
        family: 'conclave',
      },
      ...{ weight: 1, vote, reason, status: vote === 'abstain' ? 'abstained' : 'counted' },
      custody: at === 1 ? 'external' : 'platform',
    })),
    evidence: [
      {
        gate: 'tests',
        status: 'green',
        sha256: sha256('report'),
        reason: 'node --test passes on base (2 tests) and on head (1 test, 1 skipped).',
      },
    ],
    outcome: { status: outcome, winners: [outcome], reason: rejected ? 'threshold-missed' : 'threshold-met' },
    openedAt: iso(openedAt),
    sealedAt: iso(sealedAt),
    receiptReady: true,
  };
}

/** The events of a review, in order; each with the seat it lets judge, where it is one. */
export function storyOf({ run, result }: { readonly run: Run; readonly result: ReviewResult }): RunEvent[] {
  const start = Date.parse(run.createdAt);
  const span = Date.parse(run.updatedAt) - start;
  const counts = (seat: string, severity: string): number =>
    result.findings.filter((finding) => finding.juror === seat && finding.severity === severity).length;
  const told: readonly (readonly [type: string, data: RunEvent['data']])[] = [
    ['run.created', { title: run.title }],
    ['run.started', {}],
    [
      'review.prepared',
      { subject: result.subject, panel, notices: result.notices, seats: result.seats.map(({ seat }) => seat) },
    ],
    ['decision.opened', { decision: result.decision }],
    ...result.seats.map(({ seat, kind, vote, reason }) => {
      const data = { seat, kind, vote, reason, errors: counts(seat, 'error'), warnings: counts(seat, 'warning') };
      return ['seat.judged', data] as const;
    }),
    ['run.completed', { run: run.id, decision: result.decision, outcome: result.outcome }],
  ];
  return told.map(([type, data], at) => ({
    ...{ run: run.id, seq: at + 1, type, data },
    at: iso(start + (span * at) / (told.length - 1)),
  }));
}

export const iso = (at: number): string => new Date(at).toISOString();
