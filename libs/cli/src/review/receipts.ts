import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConclaveError, consensus, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { Client } from '@conclave/sdk';

type Reply = ReplyOf<typeof consensus.getReceipt>;
export type Receipt = Extract<Reply, { readonly envelope: unknown }>;
export type ReceiptFormat = NonNullable<RequestOf<typeof consensus.getReceipt>['format']>;

const PAUSE_MS = 300;

/** The receipt, once it is in a published checkpoint. @throws ConclaveError `consensus.receipt.pending` after the patience */
export async function fetchReceipt(
  client: Client,
  decision: string,
  patienceMs: number,
  signal: AbortSignal,
): Promise<Receipt> {
  return (await fetchReceiptAs('conclave', client, decision, patienceMs, signal)) as Receipt;
}

/** The same in a format of one's choice. */
export async function fetchReceiptAs(
  format: ReceiptFormat,
  client: Client,
  decision: string,
  patienceMs: number,
  signal: AbortSignal,
): Promise<Reply> {
  const request = { id: decision, ...(format === 'conclave' ? {} : { format }) };
  for (const giveUpAt = Date.now() + patienceMs; ; await sleep(PAUSE_MS, undefined, { signal })) {
    try {
      return await client.call(consensus.getReceipt, request, { signal });
    } catch (error) {
      const pending = error instanceof ConclaveError && error.code === 'consensus.receipt.pending';
      if (!pending || Date.now() > giveUpAt) throw error;
    }
  }
}

/** Where the repository keeps a decision's receipt. */
export const receiptPath = (gitDir: string, decision: string): string =>
  join(gitDir, 'conclave', `${decision}.receipt.json`);

/** Where the intent lies that the jurors were told: running them again takes it, and the receipt does not hold it. */
export const intentPath = (receipt: string): string => receipt.replace(/(\.receipt)?(\.json)?$/, '.intent.txt');

export async function storeReceipt(path: string, receipt: Reply, intent: string | undefined): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(receipt, undefined, 2)}\n`);
  if (intent !== undefined) await writeFile(intentPath(path), intent);
}
