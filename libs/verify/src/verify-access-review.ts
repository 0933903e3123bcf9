/**
 * For auditors: whether the report of an access review is the one its platform logged, offline (docs/access-reviews.md).
 *
 * The file has the report's lines, then an export of the audit log that holds the entry `access-review.closed`. The entry
 * has the SHA-256 of the report's lines, each with its line feed; that the entry is in the log is what the export proves.
 */
import {
  fromBase64,
  fromUtf8,
  hex,
  MalformedError,
  parseStrictJson,
  sha256,
  utf8,
  type Json,
  type JsonObject,
} from '@conclave/audit-core';
import { failed, held, runChecks, type Finding, type Verdict } from './verdict.js';
import { verifyExport, type ExportDemands, type ExportSummary } from './verify-export.js';

/** What a report claims to be; to be believed only as far as the verdict goes. */
export interface AccessReviewSummary {
  readonly review: string;
  readonly workspace: string;
  readonly closedAt: string;
  readonly closedBy: string;
  /** How many accesses were reviewed, and how many came out how. */
  readonly items: number;
  readonly outcomes: Readonly<Record<string, number>>;
}

export interface AccessReviewVerdict extends Verdict {
  readonly report?: AccessReviewSummary;
  readonly export?: ExportSummary;
}

const FORMAT = 'conclave/access-review/v1';
const CLOSED = 'access-review.closed';

/** Checks a report and the export behind it. */
export async function verifyAccessReview(
  lines: readonly string[],
  { logs }: Pick<ExportDemands, 'logs'> = {},
): Promise<AccessReviewVerdict> {
  let report!: Report;
  const parsed = await runChecks([['parse', () => ((report = reportIn(lines)), held(report.about))]], 'trusted');
  if (!parsed.ok) return parsed;
  const logged = await verifyExport(report.export, logs === undefined ? {} : { logs });
  const proven = logged.steps.every(({ ok }) => ok);
  const bond = await runChecks(proven ? [['entry', () => checkEntry(report)]] : [], logged.status);
  return { ...logged, ...bond, report: report.summary, steps: [...parsed.steps, ...logged.steps, ...bond.steps] };
}

interface Report {
  readonly about: string;
  readonly summary: AccessReviewSummary;
  readonly tenant: string;
  readonly sha256: string;
  readonly export: readonly string[];
}

function reportIn(lines: readonly string[]): Report {
  const end = lines.findIndex((line) => 'export' in objectOf(parseStrictJson(line)));
  if (end === -1) throw refuse('it has no export of the log behind its lines');
  const [header, ...items] = lines.slice(0, end).map((line) => objectOf(parseStrictJson(line)));
  if (header?.['format'] !== FORMAT) throw refuse(`the first line is not of ${FORMAT}`);
  const said = (name: string): string => textOf(header[name]);
  const outcomes = new Map<string, number>();
  for (const item of items) {
    const outcome = textOf(item['outcome']);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  const summary = {
    ...{ review: said('review'), workspace: said('workspace'), closedAt: said('closedAt'), closedBy: said('closedBy') },
    ...{ items: items.length, outcomes: Object.fromEntries(outcomes) },
  };
  return {
    ...{ summary, tenant: said('tenant'), export: lines.slice(end) },
    about: `${items.length} accesses of ${summary.workspace}`,
    sha256: hex(
      sha256(
        utf8(
          lines
            .slice(0, end)
            .map((line) => `${line}\n`)
            .join(''),
        ),
      ),
    ),
  };
}

/** The log has this report, and no other, of the review. */
function checkEntry({ summary: { review, workspace, items }, tenant, sha256, export: lines }: Report): Finding {
  const closings = lines
    .map((line) => objectOf(parseStrictJson(line)))
    .filter(({ type }) => type === CLOSED)
    .map(({ entry }) => objectOf(parseStrictJson(fromUtf8(fromBase64(textOf(entry))))))
    .map((entry) => ({ ...objectOf(entry['data']), tenant: entry['tenant'] }) as JsonObject)
    .filter((data) => data['review'] === review && data['tenant'] === tenant);
  if (closings.length === 0) return failed('bad-log-proof', `the export has no entry of the end of ${review}`);
  const same = closings.every(
    (data) => data['sha256'] === sha256 && data['workspace'] === workspace && data['items'] === items,
  );
  return same
    ? held(`the log has SHA-256 ${sha256} for the report of ${review}`)
    : failed('bad-log-proof', `the log has another report of ${review} than this one`);
}

function objectOf(value: Json | undefined): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse('a line is not an object');
  return value;
}

function textOf(value: Json | undefined): string {
  if (typeof value !== 'string') throw refuse('a text was expected');
  return value;
}

const refuse = (reason: string): MalformedError => new MalformedError('access review', reason);
