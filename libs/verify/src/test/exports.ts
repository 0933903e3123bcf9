/** Exports of a log and reports of access reviews, as the platform writes them, signed by a key of the tests. */
import {
  base64,
  dataCommitment,
  formatCheckpoint,
  formatNote,
  fromBase64,
  fromUtf8,
  hex,
  inclusionProof,
  jcs,
  leafHash,
  parseStrictJson,
  parseVkey,
  sha256,
  signNote,
  utf8,
  type Json,
  type JsonObject,
  type NoteKey,
} from '@conclave/audit-core';
import { treeOf } from './platform.js';
import { newSigner, vkeyOf } from './signer.js';

const TENANT = 'ten_one';
const ORIGIN = `log.example/log/${TENANT}`;
const SALT = new Uint8Array(32).fill(7);

export interface Entry {
  readonly type: string;
  readonly data: JsonObject;
  readonly tenant?: string;
  /** What is committed to, and disclosed. */
  readonly personal?: JsonObject;
}

export interface Exported {
  readonly lines: readonly string[];
  readonly logs: readonly NoteKey[];
}

/** An export of all these entries, or of some with a proof for each. */
export async function exportOf(entries: readonly Entry[], { filtered = false } = {}): Promise<Exported> {
  const bodies = entries.map(({ type, data, tenant = TENANT, personal }, at) => {
    const commitment = personal && { commitment: hex(dataCommitment(SALT, personal)) };
    return utf8(jcs({ ...{ v: 1, tenant, type, actor: 'prn_one', at: timeOf(at), data }, ...commitment }));
  });
  const leaves = bodies.map((body) => leafHash(body));
  const { root, nodeAt } = treeOf(bodies);
  const signer = await newSigner();
  const key = parseVkey(vkeyOf(ORIGIN, signer));
  const text = formatCheckpoint({ origin: ORIGIN, size: leaves.length, root, extensions: [] });
  const signature = await signer.sign(utf8(text));
  const checkpoint = formatNote(signNote({ text, signatures: [] }, ORIGIN, signer.publicKey, () => signature));
  const range = { from: 0, to: leaves.length };
  const header = { export: 'conclave/audit-export/v1', origin: ORIGIN, checkpoint, ...range };
  const lines = entries.map(({ type, personal }, index) => ({
    ...{ index, leafHash: hex(leaves[index]!), type, actor: 'prn_one', at: timeOf(index) },
    ...{ entry: base64(bodies[index]!), ...(personal && { disclosed: { salt: base64(SALT), data: personal } }) },
    ...(filtered && { proof: inclusionProof(index, leaves.length, nodeAt).map(base64) }),
  }));
  const all = [{ ...header, ...(!filtered && { frontier: [] }) }, ...lines, { checkpoint, entries: lines.length }];
  return { lines: all.map((line) => JSON.stringify(line)), logs: [key] };
}

/** A report of an access review, with the export that holds its end; `other` is logged in its stead. */
export async function reportOf(other: JsonObject = {}, tenant = TENANT): Promise<Exported> {
  const header = { format: 'conclave/access-review/v1', review: 'arv_one', workspace: 'wsp_one', tenant: TENANT };
  const said = [
    { ...header, closedAt: timeOf(0), closedBy: 'prn_one' },
    { principal: 'prn_two', role: 'member', outcome: 'kept' },
    { principal: 'prn_three', role: 'administrator', outcome: 'removed' },
  ].map((line) => JSON.stringify(line));
  const digest = hex(sha256(utf8(said.map((line) => `${line}\n`).join(''))));
  const closed = { review: 'arv_one', workspace: 'wsp_one', items: 2, sha256: digest, ...other };
  const { lines, logs } = await exportOf([
    { type: 'member.added', data: { member: 'prn_two' } },
    { type: 'access-review.closed', data: closed, tenant },
  ]);
  return { lines: [...said, ...lines], logs };
}

/** What an export says of the log: two that say the same differ in spelling, or in what they leave undisclosed. */
export function toldBy(lines: readonly string[]): Json[] {
  return lines
    .map((line) => parseStrictJson(line) as JsonObject)
    .filter((line) => 'index' in line)
    .map(({ index, type, actor, at, entry }) => [
      ...[index!, type!, actor!, Date.parse(at as string)],
      fromUtf8(fromBase64(entry as string)),
    ]);
}

const timeOf = (at: number): string => `2026-01-01T00:00:0${at}.000Z`;
