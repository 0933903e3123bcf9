/**
 * A platform that signs and logs whatever it is given: with an honest predicate it makes good receipts, with a false
 * one it is the insider that the deeper steps of the verifier exist for.
 */
import {
  appendLeaves,
  base64,
  concatBytes,
  cosignedMessage,
  EMPTY_FRONTIER,
  formatCheckpoint,
  formatNote,
  formatTlogProof,
  inclusionProof,
  jcs,
  leafHash,
  noteKeyId,
  preAuthEncoding,
  rootOf,
  signNote,
  utf8,
  type Note,
  type NoteSignature,
} from '@conclave/audit-core';
import {
  PAYLOAD_TYPE,
  payloadBytes,
  RECEIPT_MEDIA_TYPE,
  sealedEntryOf,
  type Disclosure,
  type Predicate,
  type ReceiptFile,
} from '@conclave/consensus-core';
import { parseTrustPolicy, type TrustPolicy } from '../trust-policy.js';
import { ORIGIN } from './decisions.js';
import { newSigner, vkeyOf, type Signer } from './signer.js';

/** What an insider may do otherwise than an honest platform. */
export interface Insider {
  readonly payload?: Uint8Array;
  readonly entry?: Uint8Array;
  readonly origin?: string;
  /** The name under which the log's key signs, if not the origin. */
  readonly logName?: string;
  /** Keys with which the log signs beside its first; `broken` spoils that line. */
  readonly logKeys?: readonly { readonly signer: Signer; readonly broken?: true }[];
  /** Who signs the envelope, if not the first service. */
  readonly service?: { readonly keyid: string; readonly signer: Signer };
  readonly disclosures?: readonly Disclosure[];
  readonly cosignedAt?: bigint;
  /** Witnesses that sign after the first one. */
  readonly cosigners?: readonly string[];
  /** Further members of the log entry. */
  readonly entryMore?: object;
  /** How many entries the log has before and after this one. */
  readonly before?: number;
  readonly after?: number;
}

/** The keys of one installation and its witness. */
export class Platform {
  private constructor(
    readonly service: Signer,
    readonly log: Signer,
    private readonly witnesses: ReadonlyMap<string, Signer>,
  ) {}

  static async start(signerFor: (name: string) => Promise<Signer> = newSigner): Promise<Platform> {
    const witnesses = new Map<string, Signer>();
    for (const name of ['first', 'second', 'third']) witnesses.set(name, await signerFor(`witness ${name}`));
    return new Platform(await signerFor('service'), await signerFor('log'), witnesses);
  }

  /** The verifier key of a witness. */
  witnessKey(name: string): string {
    return vkeyOf(`witness.example/${name}`, this.witnesses.get(name)!, 4);
  }

  /** The trust root of somebody who believes in this platform and its first witness. */
  get policy() {
    return {
      version: 1,
      logs: [vkeyOf(ORIGIN, this.log)],
      services: [{ keyid: 'consensus-1', publicKey: base64(this.service.publicKey) }],
      witnesses: { keys: [this.witnessKey('first')], threshold: 1 },
    };
  }

  /** As read, with further demands. */
  trust(more: object = {}): TrustPolicy {
    return parseTrustPolicy(JSON.stringify({ ...this.policy, ...more }));
  }

  /** Signs and logs a predicate, and writes the receipt. */
  async receipt(predicate: Predicate, insider: Insider = {}): Promise<ReceiptFile> {
    const payload = insider.payload ?? payloadBytes(predicate);
    const data = sealedEntryOf(predicate, payload);
    const sealed = { type: 'decision.sealed', at: '2026-11-20T10:00:01Z', data, ...insider.entryMore };
    const entry = insider.entry ?? utf8(jcs(sealed));
    const { keyid, signer } = insider.service ?? { keyid: 'consensus-1', signer: this.service };
    const sig = await signer.sign(preAuthEncoding(PAYLOAD_TYPE, payload));
    return {
      mediaType: RECEIPT_MEDIA_TYPE,
      envelope: {
        payloadType: PAYLOAD_TYPE,
        payload: base64(payload),
        signatures: [{ keyid, sig: base64(sig) }],
      },
      log: { entry: base64(entry), proof: await this.prove(entry, insider) },
      disclosures: insider.disclosures ?? [],
    };
  }

  /** Checkpoints of a log that grows to the given sizes; entries are numbered. */
  async checkpoints(sizes: readonly number[], origin = ORIGIN): Promise<string[]> {
    return Promise.all(sizes.map(async (size) => formatNote(await this.checkpoint(numbered(size), origin))));
  }

  private async prove(entry: Uint8Array, insider: Insider): Promise<string> {
    const { origin = ORIGIN, logName = origin, logKeys = [], before = 5, after = 4, cosigners = [] } = insider;
    const leaves = [...numbered(before), entry, ...numbered(after)];
    let note = await this.checkpoint(leaves, origin, logName);
    for (const { signer, broken } of logKeys) {
      const signature = await signer.sign(utf8(broken ? `${note.text}\n` : note.text));
      note = signNote(note, logName, signer.publicKey, () => signature);
    }
    const signatures = [...note.signatures];
    for (const name of ['first', ...cosigners]) signatures.push(await this.cosign(note.text, name, insider.cosignedAt));
    const hashes = inclusionProof(before, leaves.length, treeOf(leaves).nodeAt);
    return formatTlogProof({ index: before, hashes, checkpoint: formatNote({ ...note, signatures }) });
  }

  private async cosign(text: string, witness: string, seconds = 1n): Promise<NoteSignature> {
    const signer = this.witnesses.get(witness)!;
    const name = `witness.example/${witness}`;
    const stamp = new Uint8Array(8);
    new DataView(stamp.buffer).setBigUint64(0, seconds);
    const signature = concatBytes(stamp, await signer.sign(cosignedMessage(text, 1n)));
    return { name, keyId: noteKeyId({ name, type: 4, publicKey: signer.publicKey }), signature };
  }

  private async checkpoint(leaves: readonly Uint8Array[], origin: string, logName = origin): Promise<Note> {
    const text = formatCheckpoint({ origin, size: leaves.length, root: treeOf(leaves).root, extensions: [] });
    const signature = await this.log.sign(utf8(text));
    return signNote({ text, signatures: [] }, logName, this.log.publicKey, () => signature);
  }
}

/** Entries `entry 0` to `entry n-1`. */
export function numbered(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, at) => utf8(`entry ${at}`));
}

/** Root and complete nodes of a log. */
export function treeOf(leaves: readonly Uint8Array[]) {
  const { frontier, nodes } = appendLeaves(EMPTY_FRONTIER, leaves.map(leafHash));
  const hashes = new Map(nodes.map(({ level, index, hash }) => [`${level}/${index}`, hash]));
  return { root: rootOf(frontier), nodeAt: (level: number, index: number) => hashes.get(`${level}/${index}`)! };
}
