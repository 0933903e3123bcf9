import { parseCheckpoint, parseNote, parseVkey, type NoteKey } from '@conclave/audit-core';
import { audit, type ReplyOf } from '@conclave/contracts';
import { verifyConsistencyOfCheckpoints, type Verdict } from '@conclave/verify';
import { useQuery } from '@tanstack/react-query';
import { client } from '../api/client.js';
import { LIVE_MS } from '../api/queries.js';
import { useTrust } from '../receipts/trust-store.js';
import { remember, remembered } from './log-memory.js';

/** A log's identity, its latest checkpoint, and whether it only grew since this browser last looked. */
export interface SeenLog {
  readonly identity: ReplyOf<typeof audit.getLog>;
  readonly checkpoint: string;
  readonly size: number;
  readonly root: Uint8Array;
  /** Keys the checkpoint was judged by. */
  readonly keys: readonly NoteKey[];
  /** Whether these keys come from the reader's trust file, and not from the platform itself. */
  readonly pinned: boolean;
  readonly growth: Verdict;
  /** Size the log had when this browser looked last. */
  readonly sizeBefore: number;
}

/** Reads the log and holds it to what it showed before. */
export function useLog() {
  const trust = useTrust();
  const logs = trust && 'policy' in trust ? trust.policy.logs : undefined;
  return useQuery({
    queryKey: ['log', trust?.text],
    queryFn: ({ signal }) => lookAt(logs, signal),
    refetchInterval: LIVE_MS,
  });
}

async function lookAt(pinned: readonly NoteKey[] | undefined, signal: AbortSignal): Promise<SeenLog> {
  const identity = await client.call(audit.getLog, {}, { signal });
  const latest = await client.call(audit.getCheckpoint, {}, { signal });
  const before = remembered(identity.origin) ?? latest;
  const sizeBefore = headOf(before).size;
  const shrunk = headOf(latest).size < sizeBefore;
  const proof = shrunk
    ? { hashes: [], checkpoint: latest }
    : await client.call(audit.getConsistencyProof, { from: sizeBefore }, { signal });
  const own = pinned?.filter(({ name }) => name === identity.origin) ?? [];
  const keys = own.length > 0 ? own : [parseVkey(identity.vkey)];
  const growth = await verifyConsistencyOfCheckpoints(before, proof.checkpoint, proof.hashes, keys);
  if (growth.ok) remember(identity.origin, proof.checkpoint);
  return {
    identity,
    checkpoint: proof.checkpoint,
    ...headOf(proof.checkpoint),
    keys,
    pinned: own.length > 0,
    growth,
    sizeBefore,
  };
}

function headOf(checkpoint: string): { readonly size: number; readonly root: Uint8Array } {
  const { size, root } = parseCheckpoint(parseNote(checkpoint).text);
  return { size, root };
}
