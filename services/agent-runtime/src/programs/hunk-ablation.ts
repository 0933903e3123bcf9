import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hex, sha256, utf8 } from '@conclave/audit-core';
import { isCodeFile, withoutHunk, type FileChange, type Finding, type Hunk } from '@conclave/checks';
import { passed, runTests, type ProgramRequest } from './program.js';

const SAMPLE = 6;

export type AblationResult =
  { readonly applies: true; readonly findings: Finding[] } | { readonly applies: false; readonly reason: string };

interface Candidate {
  readonly file: FileChange;
  readonly hunk: Hunk;
}

/**
 * Takes the change's code hunks back one at a time and runs the tests: where they still pass, nobody tests that hunk.
 * Only warnings. The sample is drawn by the head tree's digest, so it is the same for the same change; what was not
 * tried, for number or time, is listed.
 */
export async function hunkAblation(request: ProgramRequest, budgetMs: number): Promise<AblationResult> {
  const candidates = candidatesOf(request);
  if (candidates.length === 0)
    return { applies: false, reason: 'the change has no code hunk that could be taken back' };
  const endsAt = performance.now() + budgetMs;
  const head = await runTests(request, request.change.head.commit);
  if (!passed(head)) return { applies: false, reason: 'the tests do not pass on the head' };
  const findings: Finding[] = [];
  const skipped: Candidate[] = candidates.slice(SAMPLE);
  for (const candidate of candidates.slice(0, SAMPLE)) {
    if (performance.now() + head.durationMs > endsAt) skipped.push(candidate);
    else if (await passesWithout(request, candidate))
      findings.push(
        finding(candidate, 'untested-hunk', 'warning', 'The tests pass without this hunk: nothing tests it.'),
      );
  }
  for (const candidate of skipped)
    findings.push(finding(candidate, 'untried-hunk', 'info', 'Not tried: outside the sample or the time budget.'));
  return { applies: true, findings };
}

function candidatesOf({ change }: ProgramRequest): Candidate[] {
  const order = ({ file, hunk }: Candidate): string =>
    hex(sha256(utf8(`${change.head.tree}/${file.path}/${hunk.newStart}`)));
  return change.files
    .filter((file) => file.status === 'modified' && file.after !== undefined && isCodeFile(file.path))
    .flatMap((file) => file.hunks.map((hunk) => ({ file, hunk })))
    .map((candidate) => ({ candidate, rank: order(candidate) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ candidate }) => candidate);
}

async function passesWithout(request: ProgramRequest, { file, hunk }: Candidate): Promise<boolean> {
  const result = await runTests(request, request.change.head.commit, (dir) =>
    writeFile(join(dir, file.path), withoutHunk(file.after!, hunk)),
  );
  return passed(result);
}

function finding({ file, hunk }: Candidate, rule: string, severity: Finding['severity'], message: string): Finding {
  return { path: file.path, line: Math.max(1, hunk.newStart), rule, severity, message };
}
