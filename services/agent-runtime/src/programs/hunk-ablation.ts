import { rm, writeFile } from 'node:fs/promises';
import { hex, sha256, utf8 } from '@conclave/audit-core';
import { codeHunks, type CodeHunk, type Finding, withoutHunk } from '@conclave/checks';
import { pathBytes } from '@conclave/connectors';
import type { SandboxResult } from '../sandbox/sandbox.js';
import { endingOf, passed, type ProgramRequest, runTests } from './program.js';

/** Hunks tried at most; each costs one run of the tests. */
const sample = 10;
/** A run without a hunk that takes this much longer than the run with it hangs, and so notices. */
const patienceFor = (head: SandboxResult): number => 3 * head.durationMs + 5_000;

export type AblationResult =
  { readonly applies: true; readonly findings: Finding[] } | { readonly applies: false; readonly reason: string };

/**
 * Takes the change's code hunks back one at a time and runs the tests: where they still pass, nobody tests that hunk.
 *
 * Only warnings. Which hunks are tried first is drawn by the head tree's digest, so it is the same for the same change;
 * every hunk that was not tried, for number or time, is listed as such, so that a result shows what it rests on. An
 * added file is taken back whole. One run decides: a test that fails at random hides a hunk or two.
 */
export async function hunkAblation(request: ProgramRequest, budgetMs: number): Promise<AblationResult> {
  const hunks = drawn(request);
  if (hunks.length === 0) return { applies: false, reason: 'the change has no code hunk that could be taken back' };
  const endsAt = performance.now() + budgetMs;
  const head = await runTests(request, request.change.head.commit, Math.min(request.timeoutMs, budgetMs));
  if (!passed(head)) return { applies: false, reason: `the tests do not pass on the head: ${endingOf(head)}` };
  const patienceMs = Math.min(request.timeoutMs, patienceFor(head));
  const findings: Finding[] = [];
  for (const [at, one] of hunks.entries()) {
    const leftMs = endsAt - performance.now();
    const mayRun = at < sample && head.durationMs <= leftMs;
    const without = mayRun ? await runWithout(request, one, Math.min(patienceMs, leftMs)) : undefined;
    const cutShort = without?.status === 'timeout' && leftMs < patienceMs;
    if (!without || cutShort || ['not-started', 'killed'].includes(without.status)) findings.push(untried(one));
    else if (passed(without)) findings.push(untested(one));
  }
  return { applies: true, findings };
}

function drawn({ change }: ProgramRequest): CodeHunk[] {
  const rank = ({ file, hunk }: CodeHunk): string =>
    hex(sha256(utf8(`${change.head.tree}\n${file.path}\n${hunk.newStart}`)));
  const ranked = codeHunks(change).map((one) => ({ one, rank: rank(one) }));
  return ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1)).map(({ one }) => one);
}

function runWithout(request: ProgramRequest, { file, hunk }: CodeHunk, wallMs: number): Promise<SandboxResult> {
  return runTests(request, request.change.head.commit, wallMs, async (dir) => {
    const place = Buffer.concat([Buffer.from(`${dir}/`), pathBytes(file.path)]);
    await (file.status === 'added' ? rm(place) : writeFile(place, withoutHunk(file.after ?? '', hunk)));
  });
}

const at = ({ file, hunk }: CodeHunk): Pick<Finding, 'path' | 'line'> => ({
  path: file.path,
  line: Math.max(1, hunk.newStart),
});

function untested(one: CodeHunk): Finding {
  const { newStart, newLines, oldLines } = one.hunk;
  const lines =
    newLines > 1
      ? `lines ${newStart} to ${newStart + newLines - 1}`
      : newLines
        ? `line ${newStart}`
        : `the removal of ${oldLines} lines`;
  return {
    ...at(one),
    rule: 'untested-hunk',
    severity: 'warning',
    message: `the tests pass without ${lines}: nobody tests this hunk`,
  };
}

const untried = (one: CodeHunk): Finding => ({
  ...at(one),
  rule: 'untried-hunk',
  severity: 'info',
  message: 'not tried: outside the sample or the time budget',
});
