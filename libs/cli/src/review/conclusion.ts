import { writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { ConclaveError, runtime, type Run } from '@conclave/contracts';
import type { Client } from '@conclave/sdk';
import type { Call } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { Fault } from '../fault.js';
import type { Output } from '../output.js';
import { printable } from '../printable.js';
import { Progress } from './progress.js';
import { fetchReceipt, storeReceipt } from './receipts.js';
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
}

const RECEIPT_PATIENCE_MS = 30_000;

/** Follows a run to its end and tells its verdict. @throws Fault when it ends without one */
export async function conclude(
  call: Call,
  client: Client,
  run: string,
  papersOf: (decision: string) => Papers,
): Promise<ExitCode> {
  await follow(call, client, run);
  const ended = await client.call(runtime.getRun, { id: run });
  if (ended.state !== 'completed') throw endedWithoutVerdict(call.out, ended);
  const result = await client.call(runtime.getRunResult, { id: run });
  const papers = papersOf(result.decision);
  printVerdict(call.out, result);
  if (papers.sarif !== undefined) await write(papers.sarif, JSON.stringify(sarifOf(result), undefined, 2));
  const receipt = await keepReceipt(call, client, result.decision, papers);
  const shown = (path: string): string => (path.startsWith(`${call.cwd}/`) ? relative(call.cwd, path) : path);
  const named = papers.repo === undefined ? [] : ['--repo', papers.repo];
  call.out.print(
    '',
    `Decision ${result.decision}`,
    ...(receipt === undefined
      ? []
      : [`Receipt  ${printable(shown(receipt))}`, `         ${call.out.typed('verify', shown(receipt), ...named)}`]),
  );
  call.out.result({ run, ...result, ...(receipt === undefined ? {} : { receipt }) });
  return EXIT[result.outcome];
}

async function follow({ out, signal }: Call, client: Client, run: string): Promise<void> {
  const progress = new Progress(out);
  try {
    for await (const event of client.followRun(run, { signal, onReconnect: () => progress.reconnecting() }))
      progress.tell(event);
  } catch (error) {
    if (signal.aborted) out.note('', `The run goes on: ${out.typed('watch', run)}`);
    throw error;
  } finally {
    progress.end();
  }
}

function endedWithoutVerdict(out: Output, { id, state, failure }: Run): Fault {
  if (!failure) return new Fault(EXIT.runFailed, `run.${state}`, `run ${id} is ${state}`);
  const code = printable(failure.code);
  return new Fault(
    failureCodes[code] ?? EXIT.runFailed,
    code,
    printable(failure.message),
    `Run ${id} failed; its story: ${out.typed('watch', id)}`,
  );
}

/** Failures that are the change's, not the platform's. */
const failureCodes: Readonly<Record<string, ExitCode>> = {
  'git.empty-change': EXIT.repository,
  'git.unknown-ref': EXIT.repository,
  'git.too-large': EXIT.tooLarge,
};

/** Fetches and stores the receipt; a verdict stands also when that is not possible yet. */
async function keepReceipt(
  { out, signal }: Call,
  client: Client,
  decision: string,
  { receipt: path, intent }: Papers,
): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    await storeReceipt(path, await fetchReceipt(client, decision, RECEIPT_PATIENCE_MS, signal), intent);
    return path;
  } catch (error) {
    if (signal.aborted) throw error;
    const reason = error instanceof ConclaveError ? `${error.code}: ${error.message}` : String(error);
    out.note(`The receipt was not stored (${printable(reason)}). Later: ${out.typed('receipt', decision)}`);
    return undefined;
  }
}

async function write(path: string, text: string): Promise<void> {
  await writeFile(path, `${text}\n`).catch((cause: NodeJS.ErrnoException) => {
    throw new Fault(EXIT.local, 'cli.write', `${path} cannot be written (${cause.code})`);
  });
}
