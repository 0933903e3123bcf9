/**
 * Signed notes and verifier keys (C2SP signed-note v1.0.0), with Ed25519 keys of two types: plain note
 * signatures (0x01) and timestamped witness cosignatures (0x04, C2SP tlog-cosignature v1).
 *
 * A signature is matched to a key by name and key id together; lines of unknown keys are ignored, so
 * that logs can rotate keys and witnesses can add theirs. A line of a known key that fails spoils the note.
 */
import { base64, concatBytes, equalBytes, fromBase64, fromHex, hex, utf8 } from './bytes.js';
import { isSafeEd25519Key, verifyEd25519 } from './ed25519.js';
import { MalformedError } from './malformed-error.js';
import { sha256 } from './sha256.js';

/** Signature type of a plain Ed25519 note signature. */
export const ED25519_NOTE = 0x01;
/** Signature type of a timestamped Ed25519 cosignature by a witness. */
export const ED25519_COSIGNATURE = 0x04;

/** A key that may sign notes, under a name that is usually a schema-less URL. */
export interface NoteKey {
  readonly name: string;
  readonly type: typeof ED25519_NOTE | typeof ED25519_COSIGNATURE;
  readonly publicKey: Uint8Array;
}

/** One signature line; `keyId` is 4 bytes, `signature` whatever the key's type defines. */
export interface NoteSignature {
  readonly name: string;
  readonly keyId: Uint8Array;
  readonly signature: Uint8Array;
}

/** A text, with its final newline, and the lines that sign it. */
export interface Note {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

const FORMAT = 'signed-note';
const MAX_NOTE_LENGTH = 1_000_000;
const MAX_SIGNATURES = 100;
/** tlog-cosignature: timestamps fit a signed 64-bit integer. */
const MAX_SECONDS = 2n ** 63n - 1n;
const SIGNATURE_LINE = /^\u2014 ([^\s\u0085+]+) ([A-Za-z0-9+/=]+)$/u;
const FORBIDDEN_IN_TEXT = /[\u0000-\u0009\u000b-\u001f]/;

/** SHA-256(name ‖ "\n" ‖ type ‖ public key), first four bytes: a hint which key signed, never a proof. */
export function noteKeyId({ name, type, publicKey }: NoteKey): Uint8Array {
  return sha256(concatBytes(utf8(`${name}\n`), Uint8Array.of(type), publicKey)).subarray(0, 4);
}

/** Writes a verifier key: `name+id+base64(type ‖ public key)`. */
export function formatVkey(key: NoteKey): string {
  checkName(key.name);
  return `${key.name}+${hex(noteKeyId(key))}+${base64(concatBytes(Uint8Array.of(key.type), key.publicKey))}`;
}

/** Reads a verifier key; refused when its id is not its own or the key is unsafe to trust. */
export function parseVkey(vkey: string): NoteKey {
  const [, name, id, encoded] = /^([^+]+)\+([^+]+)\+(.+)$/u.exec(vkey) ?? [];
  if (name === undefined || id === undefined || encoded === undefined) throw refuse('not a verifier key');
  checkName(name);
  const material = fromBase64(encoded);
  const type = material[0];
  if (type !== ED25519_NOTE && type !== ED25519_COSIGNATURE) throw refuse(`key type ${type} is not supported`);
  const key: NoteKey = { name, type, publicKey: material.subarray(1) };
  if (!isSafeEd25519Key(key.publicKey)) throw refuse('not a safe Ed25519 public key');
  if (!equalBytes(fromHex(id), noteKeyId(key))) throw refuse('the key id does not belong to the key');
  return key;
}

/** Writes a note; the exact inverse of `parseNote`. */
export function formatNote({ text, signatures }: Note): string {
  checkText(text);
  const lines = signatures.map(({ name, keyId, signature }) => {
    checkName(name);
    return `\u2014 ${name} ${base64(concatBytes(keyId, signature))}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

/** Splits a note into text and signature lines; verifies nothing. */
export function parseNote(note: string): Note {
  const end = note.lastIndexOf('\n\n');
  if (note.length > MAX_NOTE_LENGTH) throw refuse('longer than 1,000,000 characters');
  if (end < 0) throw refuse('no blank line before the signatures');
  if (!note.endsWith('\n') || note.length === end + 2) throw refuse('no signature line');
  const text = note.slice(0, end + 1);
  checkText(text);
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) throw refuse(`more than ${MAX_SIGNATURES} signatures`);
  return { text, signatures: lines.map(parseSignatureLine) };
}

/** Adds a plain Ed25519 signature; Ed25519 is deterministic, so signing again gives the same line. */
export function signNote(
  note: Note,
  name: string,
  publicKey: Uint8Array,
  sign: (message: Uint8Array) => Uint8Array,
): Note {
  const keyId = noteKeyId({ name, type: ED25519_NOTE, publicKey });
  return { text: note.text, signatures: [...note.signatures, { name, keyId, signature: sign(utf8(note.text)) }] };
}

/** Which of the known keys signed the note, and which of them are named by a line that does not hold. */
export interface NoteVerdict {
  readonly signers: readonly NoteKey[];
  readonly failed: readonly NoteKey[];
}

/** Checks the lines of known keys and ignores all others; a key counts once, however many lines it has. */
export async function verifyNote(note: Note, keys: readonly NoteKey[]): Promise<NoteVerdict> {
  const signers = new Set<NoteKey>();
  const failed = new Set<NoteKey>();
  for (const line of note.signatures) {
    const key = keys.find((known) => known.name === line.name && equalBytes(noteKeyId(known), line.keyId));
    if (key !== undefined) ((await holds(note.text, line.signature, key)) ? signers : failed).add(key);
  }
  return { signers: [...signers], failed: [...failed] };
}

/**
 * What a witness signs: it saw this checkpoint as the log's largest at that time.
 * @param seconds POSIX time, as a bigint because the format has 64 bits for it
 */
export function cosignedMessage(checkpointText: string, seconds: bigint): Uint8Array {
  return utf8(`cosignature/v1\ntime ${seconds}\n${checkpointText}`);
}

async function holds(text: string, signature: Uint8Array, key: NoteKey): Promise<boolean> {
  if (key.type === ED25519_NOTE) return verifyEd25519(key.publicKey, utf8(text), signature);
  if (signature.length !== 72) return false;
  const seconds = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
  if (seconds > MAX_SECONDS) return false;
  return verifyEd25519(key.publicKey, cosignedMessage(text, seconds), signature.subarray(8));
}

function parseSignatureLine(line: string): NoteSignature {
  const [, name, encoded] = SIGNATURE_LINE.exec(line) ?? [];
  if (name === undefined || encoded === undefined) throw refuse('not a signature line');
  const bytes = fromBase64(encoded);
  if (bytes.length < 5) throw refuse('signature too short');
  return { name, keyId: bytes.subarray(0, 4), signature: bytes.subarray(4) };
}

function checkText(text: string): void {
  if (!text.endsWith('\n')) throw refuse('the text does not end in a newline');
  if (FORBIDDEN_IN_TEXT.test(text)) throw refuse('control character');
  if (!text.isWellFormed()) throw refuse('lone surrogate');
}

function checkName(name: string): void {
  if (!/^[^\s\u0085+]+$/u.test(name)) throw refuse('a key name has no spaces and no plus');
}

function refuse(reason: string): MalformedError {
  return new MalformedError(FORMAT, reason);
}
