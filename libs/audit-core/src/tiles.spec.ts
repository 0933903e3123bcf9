import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { concatBytes, fromHex, utf8 } from './bytes.js';
import { MalformedError } from './malformed-error.js';
import { inclusionProof, nodesForInclusion, nodesForRoot } from './merkle-proof.js';
import { appendLeaves, EMPTY_FRONTIER, foldRight, leafHash, rootOf } from './merkle-tree.js';
import {
  firstNodeOf,
  formatEntryBundle,
  hasTile,
  MAX_ENTRY_BYTES,
  newTiles,
  nodesFromTiles,
  parseEntryBundle,
  parseTilePath,
  TILE_WIDTH,
  tilePath,
  tilesOf,
  type Tile,
} from './tiles.js';

describe('paths of tiles', () => {
  it.each<[string, Tile]>([
    ['tile/0/000', { level: 0, index: 0, width: 256 }],
    ['tile/0/x001/x234/067', { level: 0, index: 1_234_067, width: 256 }],
    ['tile/1/x001/000.p/1', { level: 1, index: 1_000, width: 1 }],
    ['tile/entries/273.p/112', { level: 'entries', index: 273, width: 112 }],
    ['tile/63/999.p/255', { level: 63, index: 999, width: 255 }],
  ])('%s is written and read as the specification says', (path, tile) => {
    expect(tilePath(tile)).toBe(path);
    expect(parseTilePath(path)).toEqual(tile);
  });

  it('are read back whatever the tile', () => {
    const tile = fc.record<Tile>({
      level: fc.oneof(fc.constant('entries' as const), fc.nat(63)),
      index: fc.maxSafeNat(),
      width: fc.integer({ min: 1, max: TILE_WIDTH }),
    });
    fc.assert(fc.property(tile, (one) => expect(parseTilePath(tilePath(one))).toEqual(one)));
  });

  it.each([
    'tile/0/0',
    'tile/00/000',
    'tile/64/000',
    'tile/0/x000/001',
    'tile/0/1234',
    'tile/0/x123',
    'tile/0/000.p/0',
    'tile/0/000.p/01',
    'tile/0/000.p/256',
    'tile/0/000.p',
    'tile/0/x999/x999/x999/x999/x999/999',
    'tile/entries/../checkpoint',
    '/tile/0/000',
    'tile/0/000\n',
  ])('%j is refused', (path) => expect(() => parseTilePath(path)).toThrow(MalformedError));
});

describe('tiles of a growing tree', () => {
  const tree = (size: number) => newTiles(0, size).map(tilePath);

  it('are those the specification counts for 70,000 and 256 leaves', () => {
    const big = newTiles(0, 70_000);
    const of = (level: Tile['level']) => big.filter((tile) => tile.level === level);
    expect(of(0)).toHaveLength(274);
    expect(of('entries')).toHaveLength(274);
    expect(of(0).at(-1)).toEqual({ level: 0, index: 273, width: 112 });
    expect(of(1).map(({ width }) => width)).toEqual([256, 17]);
    expect(of(2)).toEqual([{ level: 2, index: 0, width: 1 }]);
    expect(tree(256)).toEqual(['tile/entries/000', 'tile/0/000', 'tile/1/000.p/1']);
    expect(tree(0)).toEqual([]);
  });

  it('are the same whether it grew at once or step by step, but for what was partial on the way', () => {
    const steps = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(steps, (grown) => {
        const kept = new Set<string>();
        let size = 0;
        for (const by of grown) {
          for (const tile of newTiles(size, size + by)) {
            expect(hasTile(tile, size)).toBe(false);
            expect(hasTile(tile, size + by)).toBe(true);
            kept.add(tilePath(tile));
          }
          size += by;
        }
        const all = tree(size);
        expect(all.filter((path) => !kept.has(path))).toEqual([]);
        const full = [...kept].filter((path) => !path.includes('.p/'));
        expect(full.filter((path) => !all.includes(path))).toEqual([]);
      }),
    );
  });

  it('hold every hash that a root or a proof is made of', () => {
    const size = 66_000;
    const leaves = Array.from({ length: size }, (_, n) => leafHash(utf8(String(n))));
    const { frontier, nodes } = appendLeaves(EMPTY_FRONTIER, leaves);
    const all = new Map(nodes.map(({ level, index, hash }) => [`${level}/${index}`, hash]));
    const inTiles = new Map<string, Uint8Array>();
    for (const tile of newTiles(0, size)) {
      const { level, index } = firstNodeOf(tile);
      for (let n = index; n < index + tile.width; n++) inTiles.set(`${level}/${n}`, all.get(`${level}/${n}`)!);
    }
    const fromTiles = nodesFromTiles((level, index) => inTiles.get(`${level}/${index}`)!);
    expect(foldRight(nodesForRoot(size).map(({ level, index }) => fromTiles(level, index)))).toEqual(rootOf(frontier));
    const direct = (level: number, index: number) => all.get(`${level}/${index}`)!;
    for (const index of [0, 255, 256, 65_535, 65_536, size - 1]) {
      expect(inclusionProof(index, size, fromTiles)).toEqual(inclusionProof(index, size, direct));
      const named = new Set(tilesOf(nodesForInclusion(index, size)).map((tile) => tilePath(tile)));
      const announced = nodesFromTiles((level, at) => {
        const tile = { level: level / 8, index: Math.floor(at / TILE_WIDTH), width: TILE_WIDTH };
        expect(named).toContain(tilePath(tile));
        return direct(level, at);
      });
      inclusionProof(index, size, announced);
    }
  });
});

describe('entry bundles', () => {
  it('write each entry behind its big-endian length', () => {
    expect(formatEntryBundle([utf8('ab'), utf8('')])).toEqual(fromHex('000261620000'));
    const long = new Uint8Array(MAX_ENTRY_BYTES);
    expect(formatEntryBundle([long]).subarray(0, 2)).toEqual(fromHex('ffff'));
  });

  it('are read back as they were written', () => {
    const entries = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: TILE_WIDTH });
    fc.assert(fc.property(entries, (some) => expect(parseEntryBundle(formatEntryBundle(some))).toEqual(some)));
  });

  it('refuse entries that they cannot hold, and bytes that are none', () => {
    expect(() => formatEntryBundle([new Uint8Array(MAX_ENTRY_BYTES + 1)])).toThrow(RangeError);
    const empty = formatEntryBundle([utf8('')]);
    for (const bytes of [
      new Uint8Array(),
      fromHex('00'),
      fromHex('000261'),
      concatBytes(...Array.from({ length: 257 }, () => empty)),
    ])
      expect(() => parseEntryBundle(bytes)).toThrow(MalformedError);
  });
});
