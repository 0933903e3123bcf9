/** A log that grows, signs its checkpoints and proves its entries, as the audit service does. */
import {
  appendLeaves,
  base64,
  consistencyProof,
  EMPTY_FRONTIER,
  formatCheckpoint,
  formatNote,
  formatTlogProof,
  formatVkey,
  fromHex,
  hex,
  inclusionProof,
  jcs,
  leafHash,
  rootOf,
  signNote,
  utf8,
  type Json,
} from '@conclave/audit-core';
import { newSigner, type Signer } from './signer.js';

export interface LogEntry {
  readonly index: number;
  readonly leafHash: string;
  readonly at: string;
  readonly type: string;
  readonly actor: string;
  readonly body: string;
}

export class Log {
  readonly entries: LogEntry[] = [];

  private constructor(
    readonly origin: string,
    private readonly signer: Signer,
  ) {}

  static async start(origin: string): Promise<Log> {
    return new Log(origin, await newSigner());
  }

  get vkey(): string {
    return formatVkey({ name: this.origin, type: 1, publicKey: this.signer.publicKey });
  }

  append(type: string, actor: string, at: string, data: Json): LogEntry {
    const body = utf8(jcs({ v: 1, type, actor, at, data }));
    const entry = { index: this.entries.length, leafHash: hex(leafHash(body)), at, type, actor, body: base64(body) };
    this.entries.push(entry);
    return entry;
  }

  /** Another log of the same key and name, with its last entry changed: what a dishonest operator would show. */
  rewritten(): Log {
    const other = new Log(this.origin, this.signer);
    other.entries.push(...this.entries.slice(0, -1));
    other.append('run.created', 'prn_forger', this.entries.at(-1)!.at, {});
    return other;
  }

  async checkpoint(size = this.entries.length): Promise<string> {
    const { root } = this.tree(size);
    const text = formatCheckpoint({ origin: this.origin, size, root, extensions: [] });
    const signature = await this.signer.sign(utf8(text));
    return formatNote(signNote({ text, signatures: [] }, this.origin, this.signer.publicKey, () => signature));
  }

  async inclusion(index: number, size = this.entries.length) {
    const hashes = inclusionProof(index, size, this.tree(size).nodeAt);
    return { index, size, hashes, checkpoint: await this.checkpoint(size) };
  }

  async consistency(from: number, to = this.entries.length) {
    return {
      from,
      to,
      hashes: consistencyProof(from, to, this.tree(to).nodeAt),
      checkpoint: await this.checkpoint(to),
    };
  }

  /** The C2SP tlog-proof of an entry. */
  async tlogProof(index: number): Promise<string> {
    return formatTlogProof(await this.inclusion(index));
  }

  private tree(size: number) {
    const leaves = this.entries.slice(0, size).map(({ leafHash: hash }) => fromHex(hash));
    const { frontier, nodes } = appendLeaves(EMPTY_FRONTIER, leaves);
    const hashes = new Map(nodes.map(({ level, index, hash }) => [`${level}/${index}`, hash]));
    return { root: rootOf(frontier), nodeAt: (level: number, index: number) => hashes.get(`${level}/${index}`)! };
  }
}
