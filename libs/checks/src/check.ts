import type { Change, FileChange } from './change.js';

/** `error` is a no, `warning` and `info` are only told. */
export type Severity = 'error' | 'warning' | 'info';

/**
 * One fault at one place of head.
 *
 * `line` counts from 1 in the head text; what was deleted points at the nearest line that survives, and a file that is
 * gone or has no text points at line 1.
 */
export interface Finding {
  path: string;
  line: number;
  /** Stable name of the rule within its check, e.g. `skipped-test`. */
  rule: string;
  severity: Severity;
  message: string;
}

/** What a check makes of a change: its findings in canonical order, or why the question does not arise. */
export type CheckResult = { applies: true; findings: Finding[] } | { applies: false; reason: string };

/**
 * A juror without a model: a pure function of a change.
 *
 * The same change gives the same result in every process; a check that judges differently carries another `version`.
 */
export interface Check {
  id: string;
  version: string;
  /** The evaluator's lineage: who wrote the check. */
  family: string;
  title: string;
  description: string;
  /** What it does not see, in words for the person who relies on it. */
  limits: string;
  /** Whether it judges the text of such a file: one that nobody could read keeps it from saying yes. */
  reads(file: FileChange): boolean;
  /** It judges `Change.context` too, and says yes only to the whole of it. */
  readsContext?: true;
  run(change: Change): CheckResult;
}

/** How a check sits on a panel: it votes, or it abstains and says why. */
export type CheckBallot = { vote: 'yes' | 'no' } | { vote: 'abstain'; reason: string };

/** Votes no exactly when there is an `error` finding, and abstains when the check does not apply. */
export function ballotOf(result: CheckResult): CheckBallot {
  if (!result.applies) return { vote: 'abstain', reason: result.reason };
  return { vote: result.findings.some((finding) => finding.severity === 'error') ? 'no' : 'yes' };
}

const severities: readonly Severity[] = ['error', 'warning', 'info'];
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Text of a change as every store, digest and screen takes it: well-formed, and NUL made visible. */
export const presentable = (text: string): string => text.toWellFormed().replaceAll('\0', '\\x00');

/**
 * The one form and order of findings: path, line, severity, rule, message, by code unit and never by locale; doubles
 * are dropped.
 */
export function canonicalFindings(findings: readonly Finding[]): Finding[] {
  const shown = findings.map((f) => ({ ...f, path: presentable(f.path), message: presentable(f.message) }));
  const distinct = new Map(shown.map((f) => [JSON.stringify([f.path, f.line, f.rule, f.severity, f.message]), f]));
  return [...distinct.values()].sort(
    (a, b) =>
      byText(a.path, b.path) ||
      a.line - b.line ||
      severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
      byText(a.rule, b.rule) ||
      byText(a.message, b.message),
  );
}
