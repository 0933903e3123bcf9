import type { Finding, ReviewResult } from '@conclave/contracts';
import type { Prepared, Seat } from './prepared.js';

/** What a seat's task ends with. */
export type SeatResult = {
  readonly seat: string;
  readonly kind: 'gate' | 'juror';
  readonly vote: 'yes' | 'no' | 'abstain' | 'green' | 'red';
  readonly reason: string;
  readonly findings: readonly Omit<Finding, 'juror'>[];
  readonly findingsSha256: string | null;
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number; readonly costMicros: number };
  /** The end of what a red or failing program printed. */
  readonly output?: string;
};

/** What the run's wait was answered with. */
export type SealedAnswer =
  | { readonly expired: true }
  | { readonly canceled: true }
  | {
      readonly phase: string;
      readonly outcome: { readonly status: string; readonly winners: readonly string[]; readonly reason: string };
    };

/** What it is answered with while the decision goes on: these voters are asked now. */
export type WaveAnswer = { readonly voters: readonly string[] };

export interface ReviewParts {
  readonly prepared: Prepared;
  readonly decisionId: string;
  readonly answer: Exclude<SealedAnswer, { readonly canceled: true }>;
  readonly seats: Readonly<Record<string, SeatResult>>;
}

const NOT_HEARD = 'was not heard: the decision was sealed without it';
const FINDINGS_BYTES = 600_000;
const SEVERITY_ORDER = { error: 0, warning: 1, info: 2 } as const;

/** The review as the client reads it. Everything in it follows from the decision and the seats' journaled results. */
export function resultOf({ prepared, decisionId, answer, seats }: ReviewParts): ReviewResult {
  const ordered = prepared.seats.map((seat): Ended => {
    const result = seats[`${seat.kind}/${seat.seat}`];
    return result ? { ...result, finished: true } : silent(seat, prepared);
  });
  const findings = ordered
    .flatMap((seat) => seat.findings.map((finding) => ({ ...finding, juror: seat.seat })))
    .sort(
      (a, b) =>
        SEVERITY_ORDER[a.severity] - SEVERITY_ORDER[b.severity] ||
        (a.path < b.path ? -1 : a.path > b.path ? 1 : 0) ||
        a.line - b.line,
    );
  const listed = gravest(findings);
  return {
    ...outcomeOf(answer, ordered),
    decision: decisionId,
    subject: prepared.subject,
    panel: prepared.panel,
    seats: ordered.map(({ seat, kind, vote, reason, findingsSha256 }) => ({
      seat,
      kind,
      vote,
      reason,
      ...(findingsSha256 ? { findingsSha256 } : {}),
    })),
    findings: listed,
    notices: [
      ...prepared.notices,
      ...(prepared.tests ? ordered : [])
        .filter(({ kind, vote }) => kind === 'gate' && vote === 'abstain')
        .map(({ seat, reason }) => `The gate ${seat} judged nothing: ${reason}.`),
      ...(listed.length < findings.length
        ? [`Only the gravest ${listed.length} of ${findings.length} findings are listed.`]
        : []),
    ],
    usage: ordered.reduce((sum, { usage }) => addUsage(sum, usage), { inputTokens: 0, outputTokens: 0, costMicros: 0 }),
  };
}

/** As many as fit a message with the rest of the result. */
function gravest(findings: readonly Finding[]): Finding[] {
  let bytes = 0;
  const beyond = findings.findIndex(
    (finding) => (bytes += Buffer.byteLength(JSON.stringify(finding)) + 1) > FINDINGS_BYTES,
  );
  return findings.slice(0, beyond === -1 ? undefined : beyond);
}

const addUsage = (a: SeatResult['usage'], b: SeatResult['usage']): SeatResult['usage'] => ({
  inputTokens: a.inputTokens + b.inputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  costMicros: a.costMicros + b.costMicros,
});

/** A seat as the decision's end found it. */
type Ended = SeatResult & { readonly finished: boolean };

/** A seat whose task had not ended when the decision was, or never began. */
const silent = (seat: Seat, { inWaves }: Prepared): Ended => ({
  seat: seat.seat,
  kind: seat.kind,
  vote: 'abstain',
  reason: inWaves ? NOT_HEARD : 'had not finished when the decision was sealed',
  findings: [],
  findingsSha256: null,
  usage: { inputTokens: 0, outputTokens: 0, costMicros: 0 },
  finished: false,
});

function outcomeOf(answer: ReviewParts['answer'], seats: readonly Ended[]): Pick<ReviewResult, 'outcome' | 'reason'> {
  if ('expired' in answer) return { outcome: 'undecided', reason: 'The decision was not sealed in time.' };
  const { winners, reason } = answer.outcome;
  const outcome = winners.includes('approved') ? 'approved' : winners.includes('rejected') ? 'rejected' : 'undecided';
  return { outcome, reason: sentenceOf(outcome, reason, seats) };
}

/** The outcome's reason in words; the code stays where no sentence says more. Silence is told apart from abstaining. */
function sentenceOf(outcome: ReviewResult['outcome'], code: string, seats: readonly Ended[]): string {
  const said = (vote: SeatResult['vote']): string[] =>
    seats.filter((seat) => seat.finished && seat.vote === vote).map(({ seat }) => seat);
  const [yes, no, abstained, red] = [said('yes'), said('no'), said('abstain'), said('red')];
  const silent = seats.filter(({ finished }) => !finished).map(({ seat }) => seat);
  const missing = seats.some(({ reason }) => reason === NOT_HEARD) ? 'not heard' : 'not finished';
  const rest = `${yes.length} yes, ${abstained.length} abstained${silent.length > 0 ? `, ${missing}: ${silent.join(', ')}` : ''}`;
  if (outcome === 'rejected' && red.length > 0) return `Gate red: ${red.join(', ')}.`;
  if (outcome === 'rejected' && no.length > 0) return `No from ${no.join(', ')}; ${rest}.`;
  if (outcome === 'approved' && no.length > 0) return `Approved over the no of ${no.join(', ')}; ${rest}.`;
  if (outcome === 'approved') return `${silent.length > 0 ? 'No vote was against' : 'Nobody objected'}: ${rest}.`;
  if (['no-quorum', 'all-abstained'].includes(code) && silent.length > 0)
    return `Undecided: not finished in time: ${silent.join(', ')}.`;
  if (code === 'no-quorum') return 'Undecided: not every juror’s ballot came to count.';
  return code === 'all-abstained' ? 'Every juror abstained.' : `Undecided: ${code}.`;
}
