import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { accessReviews, records } from '@conclave/contracts';
import { everyItem } from '@conclave/sdk';
import { verifyAccessReview } from '@conclave/verify';
import { tellVerdict, trustedLogs } from '../audit/verify-log.js';
import { platformOptions, type Call, type Group } from '../command.js';
import { EXIT, verdictCodes, type ExitCode } from '../exit-codes.js';
import { Fault } from '../fault.js';
import { accesses, reviews } from '../nouns/access.js';
import { flag, named, oneOf, time, word } from '../operations/field.js';
import { idNamed } from '../operations/noun.js';
import { listing, operation } from '../operations/operation.js';
import { clientOf } from '../platform/settings.js';
import { printable } from '../printable.js';
import { readNamed } from '../verify/trust-root.js';

/** The log has an event within a second or so. */
const LOG_TRIES = 60;
const LOG_WAIT_MS = 500;
const REPORT_LINES = 1_000;

const review = named('id', reviews, '', { name: 'REVIEW', required: true });
const trustOptions = {
  trust: { value: 'FILE', help: 'the trust root' },
  vkey: { value: 'KEY', help: 'the log’s verifier key, instead of a trust root' },
} as const;

export const accessReviewsGroup: Group = {
  name: 'access-reviews',
  summary: 'review who has access to the workspace, and verify reports of it',
  description: 'Access reviews. REVIEW is an id, or the name of one that is open.',
  commands: [
    listing(reviews, ['access-reviews'], { summary: 'list access reviews, newest first' }),
    operation(accessReviews.createAccessReview, {
      name: 'begin',
      description: 'Takes down every member and key there is, to be decided about.',
      operands: [word('name', '', { name: 'NAME', required: true })],
      options: [
        time('dueAt', 'when it closes by itself: a date, or 30d', { name: 'due', required: true }),
        oneOf('undecided', ['keep', 'revoke'], 'what becomes of an access nobody decides about (default: keep)', {
          value: 'WHAT',
        }),
      ],
      gives: reviews,
    }),
    operation(accessReviews.getAccessReview, { name: 'show', operands: [review] }),
    listing(accesses, ['access-reviews'], {
      name: 'items',
      summary: 'list the accesses a review is about',
      operands: [review],
      options: [flag('only', 'only those nobody decided about', { name: 'open', value: 'open' })],
    }),
    ...(['keep', 'revoke'] as const).map((decision) =>
      operation(accessReviews.decideAccess, {
        name: decision,
        summary: decision === 'keep' ? 'decide that an access stays' : 'decide that an access ends with the review',
        operands: [review, word('subject', '', { name: 'SUBJECT', required: true })],
        options: [word('reason', 'why', { value: 'TEXT', required: true })],
        always: { decision },
        gives: accesses,
      }),
    ),
    operation(accessReviews.closeAccessReview, {
      name: 'close',
      description: 'Ends the review, and what is to be ended. Then: conclave access-reviews report REVIEW',
      operands: [review],
      gives: reviews,
    }),
    {
      name: 'report',
      operands: [{ name: 'REVIEW', required: true }],
      summary: 'store the report, with the proof that the log has it',
      options: { out: { value: 'FILE', help: 'where to store it (default: REVIEW.jsonl)' }, ...platformOptions },
      calls: [accessReviews.getAccessReviewReport, records.createExport],
      run: report,
    },
    {
      name: 'verify',
      operands: [{ name: 'FILE', required: true }],
      summary: 'check a stored report, offline',
      options: trustOptions,
      codes: verdictCodes,
      run: verify,
    },
  ],
};

/** Stores the report's lines and, behind them, an export of the log that holds the entry of its end. */
async function report(call: Call): Promise<0> {
  const client = clientOf(call);
  const id = await idNamed(client, reviews, call.operands[0]!);
  const path = resolve(call.cwd, call.text('out') ?? `${id}.jsonl`);
  const lines = await everyItem(
    (page) => client.call(accessReviews.getAccessReviewReport, { id, ...page }),
    REPORT_LINES,
  );
  const proof = await loggedEnd(call, id);
  // Nobody else on the machine is meant to read it.
  await writeFile(path, [...lines, proof].map((line) => `${line}\n`).join(''), { mode: 0o600 });
  call.out.print(`Stored ${printable(path)}`, `Check it: ${call.out.typed('access-reviews', 'verify', path)}`);
  call.out.result({ id, path, accesses: lines.length - 1 });
  return 0;
}

/** An export of the log with the entry of the review's end, which is there a moment after it. */
async function loggedEnd(call: Call, id: string): Promise<string> {
  const client = clientOf(call);
  const filter = { type: 'access-review.closed', about: id };
  for (let tries = 0; tries < LOG_TRIES; tries++) {
    const made = await client.call(records.createExport, { format: 'jsonl', filter });
    const bytes = await client.download(records.getExportContent, { id: made.id }, { signal: call.signal });
    const lines = (await text(bytes)).trimEnd();
    if (lines.split('\n').length > 2) return lines;
    call.out.transient('waiting for the log');
    await setTimeout(LOG_WAIT_MS, undefined, { signal: call.signal });
  }
  throw new Fault(
    EXIT.unreachable,
    'cli.report.unlogged',
    'the log does not have the end of the review yet',
    'Ask again.',
  );
}

async function verify(call: Call): Promise<ExitCode> {
  const stored = await readNamed(resolve(call.cwd, call.operands[0]!));
  const trust = await trustedLogs(call);
  const lines = stored.split('\n').filter((line) => line !== '');
  const verdict = await verifyAccessReview(lines, trust.logs ? { logs: trust.logs } : {});
  return tellVerdict(call, verdict, trust, verdict.report ? { report: verdict.report } : {});
}
