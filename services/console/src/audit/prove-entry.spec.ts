import { describe, expect, it } from '@jest/globals';
import {
  appendLeaves,
  base64,
  EMPTY_FRONTIER,
  formatCheckpoint,
  formatNote,
  hex,
  inclusionProof,
  leafHash,
  rootOf,
  signNote,
  utf8,
  type NoteKey,
} from '@conclave/audit-core';
import { proveEntry, readable, type Entry, type InclusionProof } from './prove-entry.js';

const ORIGIN = 'conclave.example/log/acme';
const INDEX = 3;

async function aLog() {
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  const bodies = Array.from({ length: 6 }, (_, n) => utf8(JSON.stringify({ n })));
  const { frontier, nodes } = appendLeaves(EMPTY_FRONTIER, bodies.map(leafHash));
  const hashes = new Map(nodes.map(({ level, index, hash }) => [`${level}/${index}`, hash]));
  const text = formatCheckpoint({ origin: ORIGIN, size: bodies.length, root: rootOf(frontier), extensions: [] });
  const signature = new Uint8Array(
    await crypto.subtle.sign('Ed25519', pair.privateKey, new TextEncoder().encode(text)),
  );
  const checkpoint = formatNote(signNote({ text, signatures: [] }, ORIGIN, publicKey, () => signature));
  const leaf = leafHash(bodies[INDEX]!);
  const entry: Entry = {
    ...{ index: INDEX, leafHash: hex(leaf), at: '2026-11-20T10:00:00Z', type: 'run.created', actor: 'prn_1' },
    body: base64(bodies[INDEX]!),
  };
  const path = inclusionProof(INDEX, bodies.length, (level, index) => hashes.get(`${level}/${index}`)!);
  const proof: InclusionProof = {
    ...{ index: INDEX, size: bodies.length, leafHash: base64(leaf), checkpoint },
    hashes: path.map(base64),
  };
  const key: NoteKey = { name: ORIGIN, type: 1, publicKey };
  return { entry, proof, key };
}

const holds = (steps: readonly { holds: boolean }[]) => steps.map((step) => step.holds);

describe('proveEntry', () => {
  it('holds for an entry of the log', async () => {
    const { entry, proof, key } = await aLog();
    expect(holds(await proveEntry(entry, proof, [key]))).toEqual([true, true, true]);
  });

  it('fails on other bytes than were logged, on a foreign key, on a wrong place and on a broken path', async () => {
    const { entry, proof, key } = await aLog();
    const foreign = (await aLog()).key;
    expect(holds(await proveEntry({ ...entry, body: base64(utf8('{"n":4}')) }, proof, [key]))).toEqual([false]);
    expect(holds(await proveEntry(entry, proof, [foreign]))).toEqual([true, false]);
    expect(holds(await proveEntry(entry, proof, [{ ...key, name: 'another/log' }]))).toEqual([true, false]);
    expect(holds(await proveEntry({ ...entry, index: 2 }, proof, [key]))).toEqual([true, true, false]);
    expect(holds(await proveEntry(entry, { ...proof, hashes: proof.hashes.slice(1) }, [key]))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('names what is malformed', async () => {
    const { entry, proof, key } = await aLog();
    const [fault] = await proveEntry(entry, { ...proof, checkpoint: 'nonsense' }, [key]);
    expect(fault?.holds).toBe(false);
    expect(fault?.what).toContain('signed-note');
  });

  it('makes entries readable', () => {
    expect(readable(base64(utf8('{"a":1}')))).toBe('{\n  "a": 1\n}');
    expect(readable(base64(utf8('plain')))).toBe('plain');
  });
});
