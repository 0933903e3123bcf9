/**
 * For auditors: whether an export of a log is what the log's signed checkpoint says, offline (docs/audit.md).
 *
 * A whole range is checked by growing the tree again: the frontier the export begins with need not be believed, since
 * with a wrong one the leaves do not lead to the signed root. Where the range ends before the checkpoint, a consistency
 * proof leads on. A filtered export proves each of its entries, and says nothing about those it leaves out. A checkpoint
 * kept from before shows what no export can by itself: that entries behind it were cut off, or replaced.
 */
import {
  appendLeaves,
  dataCommitment,
  equalBytes,
  fromBase64,
  fromUtf8,
  hex,
  leafHash,
  MalformedError,
  nodesForRoot,
  parseCheckpoint,
  parseNote,
  parseStrictJson,
  parseTlogProof,
  rootOf,
  verifyConsistency,
  verifyInclusion,
  type Checkpoint,
  type Frontier,
  type Json,
  type JsonObject,
} from '@conclave/audit-core';
import { checkLogSignature, type SignedCheckpoint } from './log-checks.js';
import type { TrustPolicy } from './trust-policy.js';
import { failed, held, runChecks, type Finding, type Verdict } from './verdict.js';

/** What an export claims to be; to be believed only as far as the verdict goes. */
export interface ExportSummary {
  readonly origin: string;
  /** The first index, and the one behind the last. */
  readonly from: number;
  readonly to: number;
  readonly filtered: boolean;
  readonly entries: number;
  readonly disclosed: number;
  /** Of the checkpoint. */
  readonly size: number;
}

export interface ExportVerdict extends Verdict {
  readonly export?: ExportSummary;
}

export interface ExportDemands {
  /** Keys of logs; without them the best verdict is `consistent-untrusted`. */
  readonly logs?: TrustPolicy['logs'];
  /** A checkpoint kept from before, verbatim, or a receipt or proof that holds one. */
  readonly since?: string;
}

const VERSION = 'conclave/audit-export/v1';

/** Checks an export line by line; what is in memory does not grow with it. */
export async function verifyExport(
  lines: AsyncIterable<string> | Iterable<string>,
  { logs, since }: ExportDemands = {},
): Promise<ExportVerdict> {
  const reading = new ExportReading();
  let older: SignedCheckpoint | undefined;
  const verdict = await runChecks(
    [
      [
        'parse',
        () => ((older = since === undefined ? undefined : readCheckpointIn(since)), held('lines of an export')),
      ],
      ['entries', () => reading.run(lines, older?.checkpoint)],
      ['checkpoint', () => checkLogSignature(reading.signed, logs)],
      ['inclusion', () => reading.checkRoot()],
      ...(since === undefined
        ? []
        : ([
            ['checkpoint', () => checkLogSignature(older!, logs)],
            ['consistency', () => reading.checkGrowth(older!.checkpoint)],
          ] as const)),
    ],
    logs === undefined ? 'consistent-untrusted' : 'trusted',
  );
  return reading.ended ? { ...verdict, export: reading.summary } : verdict;
}

/** A checkpoint as it was kept: the signed note itself, a tlog-proof, a receipt, or a line of an export that holds one. */
export function readCheckpointIn(text: string): SignedCheckpoint {
  const json = text.trimStart().startsWith('{') ? objectOf(parseStrictJson(text)) : undefined;
  const log = json?.['log'];
  const kept = json ? (json['checkpoint'] ?? (log === undefined ? undefined : objectOf(log)['proof'])) : text;
  if (typeof kept !== 'string') throw refuse('it holds no checkpoint');
  const note = parseNote(kept.startsWith('c2sp.org/tlog-proof@') ? parseTlogProof(kept).checkpoint : kept);
  return { note, checkpoint: parseCheckpoint(note.text) };
}

/** The export as far as it has been read. */
class ExportReading {
  signed!: SignedCheckpoint;
  ended = false;
  private readonly read = { from: 0, to: 0, filtered: false, entries: 0, disclosed: 0 };
  /** The tree that the entries read so far make. */
  private frontier: Frontier = { size: 0, hashes: [] };
  private next = 0;
  private consistency: Uint8Array[] = [];
  /** The root of the tree at the size of a checkpoint that was kept. */
  private rootThen: Uint8Array | undefined;

  get summary(): ExportSummary {
    const { origin, size } = this.signed.checkpoint;
    return { origin, ...this.read, size };
  }

  /** Reads all lines, up to the first entry that is not what it is said to be. */
  async run(lines: AsyncIterable<string> | Iterable<string>, older: Checkpoint | undefined): Promise<Finding> {
    let first = true;
    for await (const text of lines) {
      if (this.ended) throw refuse('a line behind the last');
      const line = objectOf(parseStrictJson(text));
      if (first) this.begin(line);
      else if ('index' in line) {
        const fault = this.entry(line);
        if (fault !== undefined) return failed('bad-log-proof', fault);
      } else this.end(line);
      first = false;
      if (this.frontier.size === older?.size) this.rootThen = rootOf(this.frontier);
    }
    if (!this.ended) throw refuse('it has no last line: it was cut off');
    const { filtered, entries, to } = this.read;
    if (!filtered && this.next !== to) return failed('bad-log-proof', `entry ${this.next} is missing`);
    return held(`${entries} entries are what their hashes and commitments say`);
  }

  /** The entries lead to the root of the checkpoint. */
  checkRoot(): Finding {
    const { filtered, to, entries } = this.read;
    const { size, root } = this.signed.checkpoint;
    if (filtered) return held(`each of ${entries} entries is in the tree of ${size}`);
    const head = { size: to, root: rootOf(this.frontier) };
    const leads =
      size === to ? equalBytes(head.root, root) : to === 0 || verifyConsistency(head, { size, root }, this.consistency);
    return leads
      ? held(`entries up to ${to} are those of the checkpoint of size ${size}`)
      : failed('bad-log-proof', `the entries do not lead to the root that was signed at size ${size}`);
  }

  /** The log is what it was when the checkpoint was kept, and more at most. */
  checkGrowth({ origin, size, root }: Checkpoint): Finding {
    const now = this.signed.checkpoint;
    if (origin !== now.origin) return failed('bad-log-proof', `${origin} and ${now.origin} are two logs`);
    if (size > now.size)
      return failed('bad-log-proof', `${origin} had ${size} entries and has ${now.size}: its end was cut off`);
    const then = size === now.size ? now.root : this.rootThen;
    if (then === undefined)
      return failed('bad-log-proof', `no way to compare with size ${size}: export all entries, without a filter`);
    return equalBytes(then, root)
      ? held(`${origin} only grew from ${size} to ${now.size} entries`)
      : failed('bad-log-proof', `${origin} has another root at size ${size} than before: it was rewritten or forked`);
  }

  private begin(line: JsonObject): void {
    if (line['export'] !== VERSION) throw refuse(`the first line is not of ${VERSION}`);
    this.signed = readCheckpointIn(textOf(line['checkpoint']));
    const { checkpoint } = this.signed;
    if (line['origin'] !== checkpoint.origin) throw refuse('the checkpoint is of another log');
    const [from, to] = [countOf(line['from']), countOf(line['to'])];
    if (from > to || to > checkpoint.size) throw refuse('the range is not within the checkpoint');
    const hashes = line['frontier'] === undefined ? undefined : hashesOf(line['frontier']);
    if (hashes && hashes.length !== nodesForRoot(from).length) throw refuse('the frontier is of another size');
    Object.assign(this.read, { from, to, filtered: hashes === undefined });
    this.next = from;
    if (hashes) this.frontier = { size: from, hashes };
  }

  private end(line: JsonObject): void {
    const { checkpoint } = readCheckpointIn(textOf(line['checkpoint']));
    const same =
      checkpoint.size === this.signed.checkpoint.size && equalBytes(checkpoint.root, this.signed.checkpoint.root);
    if (!same) throw refuse('it ends with another checkpoint than it begins with');
    if (countOf(line['entries']) !== this.read.entries) throw refuse('it has not as many entries as it says');
    if (line['consistency'] !== undefined) this.consistency = hashesOf(line['consistency']);
    this.ended = true;
  }

  /** Takes an entry. @returns what is wrong with it */
  private entry(line: JsonObject): string | undefined {
    const index = countOf(line['index']);
    const { filtered, to } = this.read;
    if (filtered ? index < this.next : index !== this.next) return `entry ${this.next} is missing`;
    if (index >= to) return `entry ${index} is behind the range`;
    const bytes = fromBase64(textOf(line['entry']));
    const leaf = leafHash(bytes);
    if (hex(leaf) !== line['leafHash']) return `entry ${index} is not what its leaf hash says`;
    const fault = this.contentFault(line, bytes) ?? (filtered ? this.proofFault(line, index, leaf) : undefined);
    if (fault !== undefined) return `entry ${index} ${fault}`;
    if (!filtered) this.frontier = appendLeaves(this.frontier, [leaf]).frontier;
    this.next = index + 1;
    this.read.entries++;
    return undefined;
  }

  private proofFault(line: JsonObject, index: number, leaf: Uint8Array): string | undefined {
    const { size, root } = this.signed.checkpoint;
    const proven = verifyInclusion({ leafHash: leaf, index, size, root }, hashesOf(line['proof']));
    return proven ? undefined : 'is not in the tree that was signed';
  }

  /** Whether the line says of the entry what its bytes say, and discloses what they commit to. */
  private contentFault(line: JsonObject, bytes: Uint8Array): string | undefined {
    const entry = objectOf(parseStrictJson(fromUtf8(bytes)));
    const { origin } = this.signed.checkpoint;
    if (!origin.split('/').includes(textOf(entry['tenant']))) return `belongs to another tenant than ${origin}`;
    if (entry['type'] !== line['type'] || entry['actor'] !== line['actor']) return 'is described falsely';
    if (Date.parse(textOf(entry['at'])) !== Date.parse(textOf(line['at']))) return 'is described falsely';
    if (line['disclosed'] === undefined) return undefined;
    this.read.disclosed++;
    const { salt, data } = objectOf(line['disclosed']);
    if (data === undefined) throw refuse('a disclosure without data');
    const opens = hex(dataCommitment(fromBase64(textOf(salt)), data)) === entry['commitment'];
    return opens ? undefined : 'does not commit to what is disclosed of it';
  }
}

function objectOf(value: Json): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse('a line is not an object');
  return value;
}

function textOf(value: Json | undefined): string {
  if (typeof value !== 'string') throw refuse('a text was expected');
  return value;
}

function countOf(value: Json | undefined): number {
  if (typeof value !== 'number' || value < 0) throw refuse('an index was expected');
  return value;
}

function hashesOf(value: Json | undefined): Uint8Array[] {
  if (!Array.isArray(value) || value.length > 128) throw refuse('hashes were expected');
  const hashes = value.map((one) => fromBase64(textOf(one)));
  if (hashes.some((hash) => hash.length !== 32)) throw refuse('a hash is not 32 bytes');
  return hashes;
}

const refuse = (reason: string): MalformedError => new MalformedError('export', reason);
