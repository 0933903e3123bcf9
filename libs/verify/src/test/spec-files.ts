/** Everything in `docs/spec` that is generated, by path. */
import { receiptSchema, statementSchema, waiverSchema } from '@conclave/consensus-core';
import { vectorFiles } from './vectors.js';
import { pretty } from './workshop.js';

export async function generatedFiles(): Promise<ReadonlyMap<string, Uint8Array>> {
  const vectors = await vectorFiles();
  return new Map([
    ['receipt.schema.json', pretty(receiptSchema)],
    ['statement.schema.json', pretty(statementSchema)],
    ['waiver.schema.json', pretty(waiverSchema)],
    ...Array.from(vectors, ([name, bytes]): [string, Uint8Array] => [`vectors/${name}`, bytes]),
  ]);
}
