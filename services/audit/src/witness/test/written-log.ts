/** A log that its writer keeps in memory and may rewrite: for what a witness must see. */
import { generateKeyPairSync, sign } from 'node:crypto';
import {
  appendLeaves,
  consistencyProof,
  ED25519_NOTE,
  EMPTY_FRONTIER,
  formatAddCheckpoint,
  formatCheckpoint,
  formatNote,
  formatVkey,
  leafHash,
  rootOf,
  signNote,
  utf8,
} from '@conclave/audit-core';

export class WrittenLog {
  private readonly keys = generateKeyPairSync('ed25519');
  private readonly publicKey = Buffer.from(this.keys.publicKey.export({ format: 'jwk' }).x!, 'base64url');

  constructor(
    readonly origin: string,
    /** What its entries begin with: another word, another history. */
    private readonly word = 'entry',
  ) {}

  get vkey(): string {
    return formatVkey({ name: this.origin, type: ED25519_NOTE, publicKey: this.publicKey });
  }

  /** The same log with the same key, and other entries from the first. */
  rewritten(): WrittenLog {
    return Object.assign(new WrittenLog(this.origin, 'other'), { keys: this.keys, publicKey: this.publicKey });
  }

  note(size: number, root = rootOf(this.tree(size).frontier)): string {
    const text = formatCheckpoint({ origin: this.origin, size, root, extensions: [] });
    const signer = (bytes: Uint8Array) => sign(null, bytes, this.keys.privateKey);
    return formatNote(signNote({ text, signatures: [] }, this.origin, this.publicKey, signer));
  }

  /** An honest request to cosign `size` after `oldSize`. */
  request(oldSize: number, size: number): string {
    return formatAddCheckpoint({ oldSize, proof: this.proof(oldSize, size), checkpoint: this.note(size) });
  }

  proof(oldSize: number, size: number): Uint8Array[] {
    if (oldSize === 0 || oldSize > size) return [];
    const hashes = new Map(this.tree(size).nodes.map(({ level, index, hash }) => [`${level}/${index}`, hash]));
    return consistencyProof(oldSize, size, (level, index) => hashes.get(`${level}/${index}`)!);
  }

  private tree(size: number) {
    return appendLeaves(
      EMPTY_FRONTIER,
      Array.from({ length: size }, (_, at) => leafHash(utf8(`${this.word} ${at}`))),
    );
  }
}
