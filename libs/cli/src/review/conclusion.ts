import { writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { ConclaveError, runtime } from '@conclave/contracts';
import type { Client } from '@conclave/sdk';
import type { Call } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { Fault } from '../fault.js';
import { printable } from '../printable.js';
import { followToEnd } from '../runs/follow.js';
import { tellResult } from '../runs/views.js';
import { keepHead, type LogNotes } from './log-notes.js';
import { fetchReceipt, storeReceipt, type Receipt } from './receipts.js';
import { sarifOf } from './sarif.js';
import { printVerdict } from './verdict.js';

/** Where the papers of a review go. */
export interface Papers {
  readonly sarif?: string | undefined;
  readonly receipt?: string | undefined;
  /** The repository as the person named it: its trust root is the receipt's. */
  readonly repo?: string | undefined;
  /** What the jurors were told, kept beside the receipt. */
  readonly intent?: string | undefined;
  /** Where the log's head is kept. */
  readonly notes?: LogNotes | undefined;
}

const RECEIPT_PATIENCE_MS = 30_000;

/** Follows a run to its end and tells its verdict, or what its tasks gave. @throws Fault when it ends without one */
export async function conclude(
  call: Call,
  client: Client,
  run: string,
  papersOf: (decision: string) => Papers,
): Promise<ExitCode> {
  await followToEnd(call, client, run);
  const result = await client.call(runtime.getRunResult, { id: run });
  if (!runtime.isReview(result)) return tellResult(call.out, run, result);
  const papers = papersOf(result.decision);
  printVerdict(call.out, result);
  if (papers.sarif !== undefined) await write(papers.sarif, JSON.stringify(sarifOf(result), undefined, 2));
  const receipt = await keepReceipt(call, client, result.decision, papers);
  const head = receipt && papers.notes ? await keepHead(receipt.content, papers.notes) : undefined;
  const shown = (path: string): string => (path.startsWith(`${call.cwd}/`) ? relative(call.cwd, path) : path);
  const named = papers.repo === undefined ? [] : ['--repo', papers.repo];
  call.out.print(
    '',
    `Decision ${result.decision}`,
    ...(receipt === undefined
      ? []
      : [
          `Receipt  ${printable(shown(receipt.path))}`,
          `         ${call.out.typed('verify', shown(receipt.path), ...named)}`,
        ]),
    ...(head === undefined ? [] : [`Log head ${head}`]),
  );
  call.out.result({ run, ...result, ...(receipt === undefined ? {} : { receipt: receipt.path }) });
  return EXIT[result.outcome];
}

/** Fetches and stores the receipt; a verdict stands also when that is not possible yet. */
async function keepReceipt(
  { out, signal }: Call,
  client: Client,
  decision: string,
  { receipt: path, intent }: Papers,
): Promise<{ readonly path: string; readonly content: Receipt } | undefined> {
  if (path === undefined) return undefined;
  try {
    const content = await fetchReceipt(client, decision, RECEIPT_PATIENCE_MS, signal);
    await storeReceipt(path, content, intent);
    return { path, content };
  } catch (error) {
    if (signal.aborted) throw error;
    const reason = error instanceof ConclaveError ? `${error.code}: ${error.message}` : String(error);
    out.complain(`The receipt was not stored (${printable(reason)}). Later: ${out.typed('receipt', decision)}`);
    return undefined;
  }
}

async function write(path: string, text: string): Promise<void> {
  await writeFile(path, `${text}\n`).catch((cause: NodeJS.ErrnoException) => {
    throw new Fault(EXIT.local, 'cli.write', `${path} cannot be written (${cause.code})`);
  });
}
