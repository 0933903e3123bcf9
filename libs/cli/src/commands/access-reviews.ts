import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { accessReviews, records, type ReplyOf } from '@conclave/contracts';
import { everyItem } from '@conclave/sdk';
import { verifyAccessReview } from '@conclave/verify';
import { tellVerdict, trustedLogs } from '../audit/verify-log.js';
import { platformOptions, type Call, type Command } from '../command.js';
import { EXIT, verdictCodes, type ExitCode } from '../exit-codes.js';
import { Fault, usage } from '../fault.js';
import { clientOf } from '../platform/settings.js';
import { printable } from '../printable.js';
import { readNamed } from '../verify/trust-root.js';

const HELP = 'See: conclave access-reviews --help';

/** The log has an event within a second or so. */
const LOG_TRIES = 60;
const LOG_WAIT_MS = 500;
const REPORT_LINES = 1_000;

type Review = ReplyOf<typeof accessReviews.getAccessReview>;
type Item = ReplyOf<typeof accessReviews.decideAccess>;

export const accessReviewsCommand: Command = {
  name: 'access-reviews',
  operands: [
    { name: 'ACTION', required: false },
    { name: 'OPERAND', required: false },
    { name: 'SUBJECT', required: false },
  ],
  summary: 'review who has access to the workspace, and verify reports of it',
  description: [
    'list (unless told): reviews, newest first.  begin NAME --due TIME: takes down every member and key there is.',
    'items REVIEW: the accesses, with --open those nobody decided about.  keep or revoke REVIEW SUBJECT --reason TEXT: decides.',
    'close REVIEW: ends what is to be ended.  report REVIEW: the report, with the proof that the log has it, as a file.',
    'verify FILE: checks such a file, offline.',
  ].join('\n'),
  options: {
    due: { value: 'TIME', help: 'begin: when it closes by itself, such as 2027-01-31T00:00:00Z' },
    undecided: {
      value: 'WHAT',
      help: 'begin: what becomes of an access nobody decides about: keep (default) or revoke',
    },
    reason: { value: 'TEXT', help: 'keep, revoke: why' },
    open: { help: 'items: only those nobody decided about' },
    limit: { value: 'N', help: 'list: how many (default: 20)' },
    after: { value: 'CURSOR', help: 'list: go on behind a list’s `next`' },
    out: { value: 'FILE', help: 'report: where to store it (default: REVIEW.jsonl)' },
    trust: { value: 'FILE', help: 'verify: the trust root' },
    vkey: { value: 'KEY', help: 'verify: the log’s verifier key, instead of a trust root' },
    ...platformOptions,
  },
  codes: verdictCodes,

  async run(call) {
    const [action = 'list', ...operands] = call.operands;
    const found = Object.hasOwn(actions, action) ? actions[action] : undefined;
    if (!found) throw usage(`there is no action ${JSON.stringify(action)}`, HELP);
    const missing = found.needs[operands.length];
    if (missing !== undefined) throw usage(`${missing} is missing`, HELP);
    if (operands.length > found.needs.length)
      throw usage(`unexpected argument ${JSON.stringify(operands.at(-1))}`, HELP);
    return found.run(call, operands[0] ?? '', operands[1] ?? '');
  },
};

interface Action {
  readonly needs: readonly string[];
  run(call: Call, operand: string, subject: string): Promise<ExitCode>;
}

const actions: Readonly<Record<string, Action>> = {
  list: { needs: [], run: list },
  begin: { needs: ['NAME'], run: begin },
  items: { needs: ['REVIEW'], run: items },
  keep: { needs: ['REVIEW', 'SUBJECT'], run: (...words) => decide('keep', ...words) },
  revoke: { needs: ['REVIEW', 'SUBJECT'], run: (...words) => decide('revoke', ...words) },
  close: { needs: ['REVIEW'], run: close },
  report: { needs: ['REVIEW'], run: report },
  verify: { needs: ['FILE'], run: verify },
};

async function list(call: Call): Promise<0> {
  const after = call.text('after');
  const page = await clientOf(call).call(accessReviews.listAccessReviews, {
    limit: call.text('limit') ?? 20,
    ...(after === undefined ? {} : { after }),
  });
  call.out.print(
    ...page.items.map(lineOf),
    ...(page.items.length === 0 ? ['No access reviews.'] : []),
    ...(page.next === undefined ? [] : ['', `More: ${call.out.typed('access-reviews', 'list', '--after', page.next)}`]),
  );
  call.out.result(page);
  return 0;
}

async function begin(call: Call, name: string): Promise<0> {
  const dueAt = call.text('due');
  if (dueAt === undefined) throw usage('--due is missing', HELP);
  const undecided = call.text('undecided') ?? 'keep';
  if (undecided !== 'keep' && undecided !== 'revoke') throw usage('--undecided is keep or revoke', HELP);
  const review = await clientOf(call).call(accessReviews.createAccessReview, { name, dueAt, undecided });
  call.out.print(lineOf(review), `Next: ${call.out.typed('access-reviews', 'items', review.id, '--open')}`);
  call.out.result(review);
  return 0;
}

async function items(call: Call, id: string): Promise<0> {
  const client = clientOf(call);
  const wanted = { id, ...(call.flag('open') && { only: 'open' as const }) };
  const all: Item[] = await everyItem((page) =>
    client.call(accessReviews.listAccessReviewItems, { ...wanted, ...page }),
  );
  call.out.print(...(all.length === 0 ? ['Nothing is left to decide.'] : all.map(itemLine)));
  call.out.result({ items: all });
  return 0;
}

async function decide(decision: 'keep' | 'revoke', call: Call, id: string, subject: string): Promise<0> {
  const reason = call.text('reason');
  if (reason === undefined) throw usage('--reason is missing', HELP);
  const item = await clientOf(call).call(accessReviews.decideAccess, { id, subject, decision, reason });
  call.out.print(itemLine(item));
  call.out.result(item);
  return 0;
}

async function close(call: Call, id: string): Promise<0> {
  const review = await clientOf(call).call(accessReviews.closeAccessReview, { id });
  call.out.print(lineOf(review), `Report: ${call.out.typed('access-reviews', 'report', id)}`);
  call.out.result(review);
  return 0;
}

/** Stores the report's lines and, behind them, an export of the log that holds the entry of its end. */
async function report(call: Call, id: string): Promise<0> {
  const client = clientOf(call);
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

async function verify(call: Call, file: string): Promise<ExitCode> {
  const stored = await readNamed(resolve(call.cwd, file));
  const trust = await trustedLogs(call);
  const lines = stored.split('\n').filter((line) => line !== '');
  const verdict = await verifyAccessReview(lines, trust.logs ? { logs: trust.logs } : {});
  return tellVerdict(call, verdict, trust, verdict.report ? { report: verdict.report } : {});
}

const lineOf = ({ id, name, dueAt, items: all, decided, closedAt }: Review): string =>
  `${id}  ${closedAt === undefined ? `due ${dueAt.slice(0, 10)}` : `closed ${closedAt.slice(0, 10)}`}  ${decided} of ${all} decided  ${printable(name)}`;

const itemLine = ({ subject, kind, principal, role, name, scopes, decision, outcome }: Item): string =>
  [
    subject,
    (outcome ?? decision ?? 'open').padEnd(7),
    kind === 'member'
      ? `${printable(principal.name)}, ${role}`
      : `key ${printable(name ?? '')} of ${printable(principal.name)}, ${scopes?.length} permissions`,
  ].join('  ');
