/**
 * Tiles (C2SP tlog-tiles v0.1.0): a Merkle tree as files that never change, and their names.
 *
 * A tile of level `l` holds up to 256 neighbouring hashes of complete subtrees of `256^l` leaves; an entry bundle
 * holds the entries of a level 0 tile, each behind its length. A tile with fewer than 256 hashes is partial and is
 * named by its width: growing, it becomes another file, of which it is a prefix. Whatever a proof needs is in the
 * tiles of the tree, so a log can be served by anything that serves files.
 */
import { concatBytes } from './bytes.js';
import { MalformedError } from './malformed-error.js';
import type { NodeReader } from './merkle-proof.js';
import { nodeHash, type JoinHashes, type NodeId } from './merkle-tree.js';

/** Hashes of a full tile. */
export const TILE_WIDTH = 256;
/** Largest entry: its length is written in two bytes. */
export const MAX_ENTRY_BYTES = 0xffff;

/** A tile of hashes by its level, or a bundle of entries; `width` is 1 to 256. */
export interface Tile {
  readonly level: number | 'entries';
  readonly index: number;
  readonly width: number;
}

const FORMAT = 'tlog-tiles';
/** No tree whose size is a safe integer has more levels of tiles. */
const LEVELS = 7;
const PATH = /^tile\/(entries|0|[1-9]\d?)\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/** Where a tile is served, below the log's prefix. */
export function tilePath({ level, index, width }: Tile): string {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const groups = padded.match(/\d{3}/g)!;
  const name = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${name}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** Reads a tile's path; one tile has exactly one accepted path. */
export function parseTilePath(path: string): Tile {
  const [, level, name, partial] = PATH.exec(path) ?? [];
  if (level === undefined || name === undefined) throw refuse('not the path of a tile');
  const index = Number(name.replaceAll(/[x/]/g, ''));
  const width = partial === undefined ? TILE_WIDTH : Number(partial);
  const tile: Tile = { level: level === 'entries' ? level : Number(level), index, width };
  if (!Number.isSafeInteger(index) || tilePath(tile) !== path) throw refuse('not the one path of that tile');
  if (tile.level !== 'entries' && tile.level > 63) throw refuse('a level above 63');
  if (partial !== undefined && width >= TILE_WIDTH) throw refuse('a partial tile is narrower than 256');
  return tile;
}

/** The tiles of a tree of `newer` leaves that one of `older` leaves has not, lowest level first. */
export function newTiles(older: number, newer: number): Tile[] {
  const tiles: Tile[] = [];
  for (let level = 0; level < LEVELS; level++) {
    const [before, after] = [hashesAt(level, older), hashesAt(level, newer)];
    if (after === before) break;
    for (let index = Math.floor(before / TILE_WIDTH); index * TILE_WIDTH < after; index++) {
      const width = Math.min(TILE_WIDTH, after - index * TILE_WIDTH);
      if (level === 0) tiles.push({ level: 'entries', index, width });
      tiles.push({ level, index, width });
    }
  }
  return tiles;
}

/** Whether a tree of that size has the tile, whole or as the beginning of a wider one. */
export function hasTile({ level, index, width }: Tile, size: number): boolean {
  return index * TILE_WIDTH + width <= hashesAt(level === 'entries' ? 0 : level, size);
}

/** The full tiles that hold, between them, all that the nodes are made of; each once. */
export function tilesOf(nodes: readonly NodeId[]): Tile[] {
  const tiles = nodes.map(({ level, index }): Tile => {
    const height = level % 8;
    return { level: (level - height) / 8, index: Math.floor((index * 2 ** height) / TILE_WIDTH), width: TILE_WIDTH };
  });
  return [...new Map(tiles.map((tile) => [tilePath(tile), tile])).values()];
}

/**
 * Reads any complete node by those that tiles hold, of which it is made.
 *
 * @param inTile reads a node whose level is a multiple of eight
 */
export function nodesFromTiles(inTile: NodeReader, join: JoinHashes = nodeHash): NodeReader {
  const made = new Map<string, Uint8Array>();
  const read: NodeReader = (level, index) => {
    if (level % 8 === 0) return inTile(level, index);
    const key = `${level}/${index}`;
    const hash = made.get(key) ?? join(read(level - 1, 2 * index), read(level - 1, 2 * index + 1));
    made.set(key, hash);
    return hash;
  };
  return read;
}

/** The first of the complete nodes whose hashes a tile holds; the others follow it. */
export function firstNodeOf({ level, index }: Tile): NodeId {
  return { level: level === 'entries' ? 0 : 8 * level, index: index * TILE_WIDTH };
}

/** A bundle's bytes. @throws RangeError for an entry that is longer than a bundle can say */
export function formatEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  return concatBytes(
    ...entries.flatMap((entry) => {
      if (entry.length > MAX_ENTRY_BYTES) throw new RangeError(`an entry has at most ${MAX_ENTRY_BYTES} bytes`);
      return [Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry];
    }),
  );
}

/** The entries of a bundle. */
export function parseEntryBundle(bundle: Uint8Array): Uint8Array[] {
  const entries: Uint8Array[] = [];
  for (let at = 0; at < bundle.length;) {
    const from = at + 2;
    at = from + (bundle[at]! << 8) + (bundle[at + 1] ?? NaN);
    if (!(at <= bundle.length)) throw refuse('the bundle ends within an entry');
    entries.push(bundle.subarray(from, at));
  }
  if (entries.length === 0 || entries.length > TILE_WIDTH) throw refuse('a bundle holds 1 to 256 entries');
  return entries;
}

/** How many hashes the tiles of a level hold together. */
function hashesAt(level: number, size: number): number {
  return Math.floor(size / TILE_WIDTH ** level);
}

function refuse(reason: string): MalformedError {
  return new MalformedError(FORMAT, reason);
}
