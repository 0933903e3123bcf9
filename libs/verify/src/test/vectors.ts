/**
 * The test vectors of `docs/spec/vectors`: receipts, good and bad, each with the exit code and the step at which a
 * verifier must stop. Everything comes from seeds, so writing them again gives equal bytes.
 */
import { utf8 } from '@conclave/audit-core';
import { breachVectors } from './vectors-breaches.js';
import { insiderVectors } from './vectors-insider.js';
import { keyVectors } from './vectors-keys.js';
import { outsiderVectors } from './vectors-outsider.js';
import { passkeyVectors } from './vectors-passkeys.js';
import { protocolVectors } from './vectors-protocol.js';
import { refusedTrustRoots } from './vectors-trust.js';
import { ruleVectors } from './vectors-rules.js';
import { waiverVectors } from './vectors-waivers.js';
import { wholeVectors } from './vectors-whole.js';
import { openWorkshop, pretty, type Vector, type Workshop } from './workshop.js';

/** All vectors, in the order of the manifest. */
async function vectors(workshop: Workshop): Promise<Vector[]> {
  return [
    ...(await wholeVectors(workshop)),
    ...(await outsiderVectors(workshop)),
    ...(await insiderVectors(workshop)),
    ...(await protocolVectors(workshop)),
    ...(await ruleVectors(workshop)),
    ...(await breachVectors(workshop)),
    ...(await passkeyVectors(workshop)),
    ...(await keyVectors(workshop)),
    ...(await waiverVectors(workshop)),
  ];
}

/** The folder: receipts, trust roots and the manifest, by file name. */
export async function vectorFiles(): Promise<ReadonlyMap<string, Uint8Array>> {
  const workshop = await openWorkshop();
  const all = await vectors(workshop);
  const refused = refusedTrustRoots(workshop);
  const receipts = all.map(({ name, exitCode, step, trust, what, waivers }) => ({
    file: `${name}.receipt.json`,
    trust: trust ?? null,
    ...(waivers && { waivers: `${name}.waivers`, now: waivers.now }),
    exitCode,
    step: step ?? null,
    what,
  }));
  return new Map([
    ['manifest.json', pretty({ receipts, refusedTrustRoots: refused.map(({ file, what }) => ({ file, what })) })],
    ...refused.map(({ file, text }): [string, Uint8Array] => [file, utf8(text)]),
    ...Object.entries(workshop.trusts).map(([name, trust]): [string, Uint8Array] => [name, pretty(trust)]),
    ...all.map(({ name, bytes }): [string, Uint8Array] => [`${name}.receipt.json`, bytes]),
    ...all.flatMap(({ name, waivers }): [string, Uint8Array][] =>
      waivers ? [[`${name}.waivers`, utf8(waivers.lines.map((line) => `${line}\n`).join(''))]] : [],
    ),
  ]);
}
