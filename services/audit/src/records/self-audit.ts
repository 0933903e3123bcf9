import {
  EMPTY_FRONTIER,
  appendLeaves,
  dataCommitment,
  equalBytes,
  fromUtf8,
  hex,
  leafHash,
  parseCheckpoint,
  parseNote,
  parseStrictJson,
  rootOf,
  verifyNote,
  type Frontier,
} from '@conclave/audit-core';
import { events } from '@conclave/contracts';
import type { Database, Statements } from '@conclave/postgres-kit';
import type { StageEntry } from '../entries/stage-entry.js';
import type { CheckpointSigner } from '../log/checkpoint-signer.js';
import type { OpenLog } from '../log/postgres-log.js';
import { LOG_REBUILT } from './own-entries.js';
import {
  keepRebuilt,
  rebuiltSoFar,
  storedAfter,
  type Fault,
  type Rebuilt,
  type StoredEntry,
} from './postgres-self-audit.js';

/** Entries in memory at once. */
const BATCH = 1_000;
/** Every entry is looked at again after this long; in between, those that came since. */
const FULL_MS = 7 * 86_400_000;
/** Enough to know where to look; behind a wrong root all others are wrong, too. */
const MAX_FAULTS = 20;

export interface Report extends Rebuilt {
  /** Where this one began. */
  readonly from: number;
}

type Place = Omit<Fault, 'log'>;

/** What was rebuilt without a fault, and the faults. */
interface Found {
  readonly frontier: Frontier;
  readonly found: readonly Place[];
}

interface Head {
  readonly size: number;
  readonly root: Uint8Array;
  readonly note: string;
}

/**
 * The log's own fsck: rebuilds the tree from the entries' bytes and compares every root that was ever signed, every leaf
 * hash, and every disclosure with its commitment. What was rebuilt without a fault is where the next one goes on.
 */
export class SelfAudit {
  constructor(
    private readonly db: Database,
    private readonly signer: CheckpointSigner,
    private readonly stage: StageEntry,
  ) {}

  async run(log: OpenLog, now: Date): Promise<Report> {
    const ctx = { tenantId: log.tenantId, actor: 'service:audit' };
    const db = this.db.autocommit(ctx);
    const before = await rebuiltSoFar(db, log);
    const full = !before || now.getTime() - before.fullAt.getTime() >= FULL_MS;
    const from = full ? EMPTY_FRONTIER : before.frontier;
    const { frontier, found } = await this.rebuild(db, log, from);
    const faults = found.map((fault) => ({ log: log.number, ...fault }));
    const report = { frontier, faults, at: now, fullAt: full ? now : before.fullAt, from: from.size };
    await this.db.tx(ctx, async (tx) => {
      await keepRebuilt(tx, log, report);
      const data = { log: log.number, from: from.size, size: frontier.size, faults: faults.length };
      if (full || faults.length > 0) await this.stage.own(tx, ctx, { type: LOG_REBUILT, data });
      if (faults.length > 0) await tx.emit(events.logDamaged, { size: frontier.size, faults });
    });
    return report;
  }

  private async rebuild(db: Statements, log: OpenLog, from: Frontier): Promise<Found> {
    const found: Place[] = [];
    let good = from;
    let frontier = from;
    for (;;) {
      const { entries, heads } = await storedAfter(db, log, frontier.size, BATCH);
      for (const entry of entries) {
        if (entry.index !== frontier.size) return lost(good, found, frontier.size, 'the entry is missing');
        found.push(...faultsOf(entry));
        frontier = appendLeaves(frontier, [leafHash(entry.body)]).frontier;
        const head = heads.find(({ size }) => size === frontier.size);
        const wrong = head && (await this.faultOf(log, head, rootOf(frontier)));
        if (wrong !== undefined) return lost(good, found, frontier.size - 1, wrong);
        if (head && found.length === 0) good = frontier;
        if (found.length >= MAX_FAULTS) return { frontier: good, found };
      }
      if (entries.length < BATCH) {
        const beyond = Math.max(log.size, ...heads.map(({ size }) => size));
        return frontier.size < beyond
          ? lost(good, found, frontier.size, `entries up to ${beyond} are missing`)
          : { frontier: good, found };
      }
    }
  }

  /**
   * What is wrong with a signed head of the tree that was rebuilt up to its size. Older ones may be signed by a key that
   * is no longer in force, and so may all of a log that was given up; they are in the tree that the published one signs.
   */
  private async faultOf(log: OpenLog, { size, root, note }: Head, rebuilt: Uint8Array): Promise<string | undefined> {
    const parsed = parseNote(note);
    const signed = parseCheckpoint(parsed.text);
    if (![root, signed.root].every((one) => equalBytes(one, rebuilt)) || signed.size !== size)
      return `the root at size ${size} is not the one that was signed`;
    const { signers, failed } = await verifyNote(parsed, this.signer.keysOf(log));
    const ours = failed.length === 0 && (signers.length > 0 || size < log.published || log.sealed);
    return ours && signed.origin === log.origin
      ? undefined
      : `the checkpoint of size ${size} is not signed by this log`;
  }
}

function faultsOf({ index, body, leafHash: stored, disclosed }: StoredEntry): Place[] {
  const faults: Place[] = [];
  if (!equalBytes(leafHash(body), stored)) faults.push({ index, fault: 'the bytes are not those of the leaf hash' });
  if (disclosed && hex(dataCommitment(disclosed.salt, disclosed.data)) !== commitmentIn(body))
    faults.push({ index, fault: 'what is disclosed is not what the entry commits to' });
  return faults;
}

function commitmentIn(body: Uint8Array): unknown {
  try {
    return (parseStrictJson(fromUtf8(body)) as Record<string, unknown>)['commitment'];
  } catch {
    return undefined;
  }
}

function lost(frontier: Frontier, found: readonly Place[], index: number, fault: string): Found {
  return { frontier, found: [...found, { index, fault }] };
}
