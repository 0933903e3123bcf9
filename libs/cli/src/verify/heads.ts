/**
 * The log held against the heads that this checkout has seen: those in its git notes, the receipt's own, and the one the
 * platform shows now. A head that the log's key signed and that nothing leads to any more is a log that was cut,
 * rewritten or forked.
 */
import { readNoteLines } from '@conclave/connectors';
import { audit, ConclaveError } from '@conclave/contracts';
import type { Client } from '@conclave/sdk';
import {
  compareHeads,
  headOfReceipt,
  headsIn,
  type Growth,
  type GrowthProof,
  type HeadsVerdict,
  type TrustPolicy,
} from '@conclave/verify';
import { usage } from '../fault.js';
import { LOG_NOTES } from '../review/log-notes.js';
import type { Line } from './line.js';

/** Where proofs come from: the platform, a file, or nowhere. */
export type ProofSource = { readonly client: Client } | { readonly proofs: readonly GrowthProof[] } | undefined;

/** Proofs asked for at once. */
const AT_ONCE = 8;

/** What the kept heads say about the receipt's log; nothing where there is nothing to compare and nobody asked. */
export async function judgeHeads(
  receipt: Buffer,
  origin: string,
  repository: string,
  logs: TrustPolicy['logs'] | undefined,
  source: ProofSource,
): Promise<Line[]> {
  const noted = headsIn(await readNoteLines(repository, LOG_NOTES).catch(() => []));
  if (noted.length === 0 && source === undefined) return [];
  if (logs === undefined)
    return [line('unchecked', `${noted.length} heads in ${LOG_NOTES}; no key to check them with`)];
  const heads = [...noted, headOfReceipt(receipt)];
  const given = source && 'proofs' in source ? source.proofs : [];
  const kept = await compareHeads(heads, origin, logs, given);
  if (!source || !('client' in source)) return linesOf(origin, kept, source !== undefined);
  const contradiction = await unlikePlatform(source.client, origin, Math.max(0, ...kept.sizes));
  if (contradiction !== undefined) return [line('failed', contradiction)];
  return linesOf(origin, await compareWithPlatform(source.client, heads, origin, logs), true);
}

/** What keeps the platform's log from being the one the heads are of. */
async function unlikePlatform(client: Client, origin: string, signedSize: number): Promise<string | undefined> {
  const shown = await client.call(audit.getLog, {});
  if (shown.origin !== origin) return `the platform shows the log ${shown.origin}, and not ${origin}`;
  if (shown.size >= signedSize) return undefined;
  return `its key signed ${signedSize} entries of ${origin}, and it has ${shown.size}: the log has shrunk`;
}

/** The platform must show what leads from each head to the next, up to its own newest. */
async function compareWithPlatform(
  client: Client,
  heads: readonly string[],
  origin: string,
  logs: TrustPolicy['logs'],
): Promise<HeadsVerdict> {
  const all = [...heads, await client.call(audit.getCheckpoint, {})];
  const { unproven } = await compareHeads(all, origin, logs, []);
  const { proofs, missing } = await fetchProofs(client, unproven);
  const verdict = await compareHeads(all, origin, logs, proofs);
  const gone = missing.map(
    ({ from, to }) => `the platform has no proof that ${origin} only grew from ${from} to ${to} entries`,
  );
  return { ...verdict, contradictions: [...verdict.contradictions, ...gone] };
}

const line = (state: Line['state'], detail: string): Line => ({ name: 'heads', state, detail });

function linesOf(origin: string, { sizes, unproven, contradictions }: HeadsVerdict, demanded: boolean): Line[] {
  if (contradictions.length > 0) return contradictions.map((detail) => line('failed', detail));
  const range = sizes.length > 1 ? `sizes ${sizes[0]} to ${sizes.at(-1)}` : `size ${sizes[0]}`;
  const seen = `${sizes.length} head${sizes.length === 1 ? '' : 's'} of ${origin}, ${range}`;
  if (unproven.length === 0) return [line('ok', `${seen}: it only grew`)];
  const gaps = unproven.map(({ from, to }) => `${from} to ${to}`).join(', ');
  if (demanded) return [line('failed', `${seen}; no proof given from ${gaps}`)];
  return [line('unchecked', `${seen}; not proven from ${gaps}: --log asks the platform, --proofs reads a file`)];
}

/** Asks the platform for the proof of every gap; it misses what lies beyond its log. */
async function fetchProofs(client: Client, gaps: readonly Growth[]) {
  const proofs: GrowthProof[] = [];
  const missing: Growth[] = [];
  for (let at = 0; at < gaps.length; at += AT_ONCE)
    await Promise.all(
      gaps.slice(at, at + AT_ONCE).map(async ({ from, to }) => {
        try {
          const { hashes } = await client.call(audit.getConsistencyProof, { from, to });
          proofs.push({ from, to, hashes });
        } catch (error) {
          if (!(error instanceof ConclaveError) || error.code !== 'audit.proof.range') throw error;
          missing.push({ from, to });
        }
      }),
    );
  return { proofs, missing };
}

/** Proofs kept in a file: what `GET /v1/audit/log/proof/consistency` answered, one or a list. @throws Fault `cli.usage` */
export function parseProofs(text: string, file: string): GrowthProof[] {
  try {
    const value = JSON.parse(text) as unknown;
    const known = audit.getConsistencyProof.reply.array();
    return known.parse(Array.isArray(value) ? value : [value]);
  } catch {
    throw usage(`${file} holds no consistency proofs`);
  }
}
