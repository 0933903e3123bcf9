/**
 * The test vectors of `docs/spec/vectors`: receipts, good and bad, each with the exit code and the step at which a
 * verifier must stop. Everything comes from seeds, so writing them again gives equal bytes.
 */
import { insiderVectors } from './vectors-insider.js';
import { outsiderVectors } from './vectors-outsider.js';
import { wholeVectors } from './vectors-whole.js';
import { openWorkshop, pretty, type Vector, type Workshop } from './workshop.js';

/** All vectors, in the order of the manifest. */
async function vectors(workshop: Workshop): Promise<Vector[]> {
  return [...(await wholeVectors(workshop)), ...(await outsiderVectors(workshop)), ...(await insiderVectors(workshop))];
}

/** The folder: receipts, trust roots and the manifest, by file name. */
export async function vectorFiles(): Promise<ReadonlyMap<string, Uint8Array>> {
  const workshop = await openWorkshop();
  const all = await vectors(workshop);
  const receipts = all.map(({ name, exitCode, step, trust, what }) => ({
    file: `${name}.receipt.json`,
    trust: trust ?? null,
    exitCode,
    step: step ?? null,
    what,
  }));
  return new Map([
    ['manifest.json', pretty({ receipts })],
    ...Object.entries(workshop.trusts).map(([name, trust]): [string, Uint8Array] => [name, pretty(trust)]),
    ...all.map(({ name, bytes }): [string, Uint8Array] => [`${name}.receipt.json`, bytes]),
  ]);
}
