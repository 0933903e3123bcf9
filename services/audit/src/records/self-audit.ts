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
import type { CheckpointSigner } from '../log/checkpoint-signer.js';
import type { OpenLog, PostgresLog } from '../log/postgres-log.js';
import { LOG_REBUILT } from './own-entries.js';
import {
  keepRebuilt,
  rebuiltSoFar,
  storedAfter,
  type Fault,
  type Rebuilt,
  type StoredEntry,
} from './postgres-self-audit.js';
import type { StageEntry } from '../entries/stage-entry.js';

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
    private readonly log: PostgresLog,
    private readonly signer: CheckpointSigner,
    private readonly stage: StageEntry,
  ) {}

  async run(tenantId: string, now: Date): Promise<Report> {
    const ctx = { tenantId, actor: 'service:audit' };
    const db = this.db.autocommit(ctx);
    const log = (await this.log.open(db, tenantId))!;
    const before = await rebuiltSoFar(db, tenantId);
    const full = before?.number !== log.number || now.getTime() - before.fullAt.getTime() >= FULL_MS;
    const from = full ? EMPTY_FRONTIER : before.frontier;
    const { frontier, faults } = await this.rebuild(db, log, from);
    const { number } = log;
    const report = { number, frontier, faults, at: now, fullAt: full ? now : before.fullAt, from: from.size };
    await this.db.tx(ctx, async (tx) => {
      await keepRebuilt(tx, tenantId, report);
      const data = { from: from.size, size: frontier.size, faults: faults.length };
      if (full || faults.length > 0) await this.stage.own(tx, ctx, { type: LOG_REBUILT, data });
      if (faults.length > 0) await tx.emit(events.logDamaged, { size: frontier.size, faults: [...faults] });
    });
    return report;
  }

  private async rebuild(
    db: Statements,
    log: OpenLog,
    from: Frontier,
  ): Promise<{ frontier: Frontier; faults: Fault[] }> {
    const faults: Fault[] = [];
    let good = from;
    let frontier = from;
    for (;;) {
      const { entries, heads } = await storedAfter(db, log, frontier.size, BATCH);
      for (const entry of entries) {
        if (entry.index !== frontier.size) return lost(good, faults, frontier.size, 'the entry is missing');
        faults.push(...faultsOf(entry));
        frontier = appendLeaves(frontier, [leafHash(entry.body)]).frontier;
        const head = heads.find(({ size }) => size === frontier.size);
        const wrong = head && (await this.faultOf(log, head, rootOf(frontier)));
        if (wrong !== undefined) return lost(good, faults, frontier.size - 1, wrong);
        if (head && faults.length === 0) good = frontier;
        if (faults.length >= MAX_FAULTS) return { frontier: good, faults };
      }
      if (entries.length < BATCH) {
        const beyond = Math.max(log.size, ...heads.map(({ size }) => size));
        return frontier.size < beyond
          ? lost(good, faults, frontier.size, `entries up to ${beyond} are missing`)
          : { frontier: good, faults };
      }
    }
  }

  /**
   * What is wrong with a signed head of the tree that was rebuilt up to its size. Older ones may be signed by a key that
   * is no longer in force; all of them are in the tree that the published one signs.
   */
  private async faultOf(log: OpenLog, { size, root, note }: Head, rebuilt: Uint8Array): Promise<string | undefined> {
    const parsed = parseNote(note);
    const signed = parseCheckpoint(parsed.text);
    if (![root, signed.root].every((one) => equalBytes(one, rebuilt)) || signed.size !== size)
      return `the root at size ${size} is not the one that was signed`;
    const { signers, failed } = await verifyNote(parsed, this.signer.keysOf(log));
    const ours = failed.length === 0 && (signers.length > 0 || size < log.published);
    return ours && signed.origin === log.origin
      ? undefined
      : `the checkpoint of size ${size} is not signed by this log`;
  }
}

function faultsOf({ index, body, leafHash: stored, disclosed }: StoredEntry): Fault[] {
  const faults: Fault[] = [];
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

function lost(frontier: Frontier, faults: Fault[], index: number, fault: string) {
  return { frontier, faults: [...faults, { index, fault }] };
}
