import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { concatBytes, fromHex, hex } from './bytes.js';
import {
  consistencyProof,
  inclusionProof,
  nodesForConsistency,
  nodesForInclusion,
  verifyConsistency,
  verifyInclusion,
} from './merkle-proof.js';
import { appendLeaves, EMPTY_FRONTIER, leafHash, nodeHash, rootOf, type NodeId } from './merkle-tree.js';

/** RFC 6962 §2.1-2.1.2, word for word, on the platform's SHA-256: shares no line with what is tested. */
const H = (...parts: Uint8Array[]) =>
  new Uint8Array(
    createHash('sha256')
      .update(concatBytes(...parts))
      .digest(),
  );
const split = (n: number): number => 2 ** Math.ceil(Math.log2(n) - 1);
function MTH(D: Uint8Array[]): Uint8Array {
  if (D.length === 0) return H();
  if (D.length === 1) return H(Uint8Array.of(0), D[0]!);
  const k = split(D.length);
  return H(Uint8Array.of(1), MTH(D.slice(0, k)), MTH(D.slice(k)));
}
function PATH(m: number, D: Uint8Array[]): Uint8Array[] {
  if (D.length === 1) return [];
  const k = split(D.length);
  if (m < k) return [...PATH(m, D.slice(0, k)), MTH(D.slice(k))];
  return [...PATH(m - k, D.slice(k)), MTH(D.slice(0, k))];
}
function SUBPROOF(m: number, D: Uint8Array[], b: boolean): Uint8Array[] {
  if (m === D.length) return b ? [] : [MTH(D)];
  const k = split(D.length);
  if (m <= k) return [...SUBPROOF(m, D.slice(0, k), b), MTH(D.slice(k))];
  return [...SUBPROOF(m - k, D.slice(k), false), MTH(D.slice(0, k))];
}

const SIZES = 130;
const entries = Array.from({ length: SIZES }, (_, at) => Uint8Array.of(at >> 8, at & 255, at % 7));
const stored = new Map<string, Uint8Array>();
const key = ({ level, index }: NodeId) => `${level}/${index}`;
const heads = [rootOf(EMPTY_FRONTIER)];
{
  let frontier = EMPTY_FRONTIER;
  for (const entry of entries) {
    const step = appendLeaves(frontier, [leafHash(entry)]);
    for (const node of step.nodes) stored.set(key(node), node.hash);
    frontier = step.frontier;
    heads.push(rootOf(frontier));
  }
}
/** Reads only the announced nodes, as one prefetching query would allow. */
const only = (announced: NodeId[]) => {
  const allowed = new Set(announced.map(key));
  return (level: number, index: number) => {
    const hash = allowed.has(key({ level, index })) ? stored.get(key({ level, index })) : undefined;
    if (hash === undefined) throw new Error(`node ${level}/${index} was not announced or is not complete`);
    return hash;
  };
};
const includes = (index: number, size: number) => inclusionProof(index, size, only(nodesForInclusion(index, size)));
const extendsTo = (first: number, second: number) =>
  consistencyProof(first, second, only(nodesForConsistency(first, second)));
const head = (size: number) => ({ size, root: heads[size]! });
const claim = (index: number, size: number) => ({ leafHash: leafHash(entries[index]!), index, ...head(size) });

describe('the reference tree of RFC 6962 implementations', () => {
  const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
  const roots = [
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ];

  it('has the published root at every size, appended one by one or at once', () => {
    const hashes = leaves.map((leaf) => leafHash(fromHex(leaf)));
    roots.forEach((root, size) => {
      const { frontier } = appendLeaves(EMPTY_FRONTIER, hashes.slice(0, size));
      expect(hex(rootOf(frontier))).toBe(root);
    });
  });
});

describe('trees and proofs of every size up to 130', () => {
  it('have the roots of the recursive definition', () => {
    heads.forEach((root, size) => expect(hex(root)).toBe(hex(MTH(entries.slice(0, size)))));
  });

  it('store each complete node exactly once, with the hash of its leaves', () => {
    const { nodes } = appendLeaves(EMPTY_FRONTIER, entries.map(leafHash));
    expect(new Set(nodes.map(key)).size).toBe(nodes.length);
    for (const { level, index, hash } of nodes) {
      expect(hex(hash)).toBe(hex(MTH(entries.slice(index * 2 ** level, (index + 1) * 2 ** level))));
    }
  });

  it('prove every leaf as the recursive definition does, and verify', () => {
    for (let size = 1; size <= SIZES; size++) {
      for (let index = 0; index < size; index += size < 40 ? 1 : 11) {
        const proof = includes(index, size);
        expect(proof.map(hex)).toEqual(PATH(index, entries.slice(0, size)).map(hex));
        expect(verifyInclusion(claim(index, size), proof)).toBe(true);
      }
    }
  });

  it('prove every growth as the recursive definition does, and verify', () => {
    for (let second = 1; second <= SIZES; second++) {
      for (let first = 1; first <= second; first += second < 40 ? 1 : 11) {
        const proof = extendsTo(first, second);
        expect(proof.map(hex)).toEqual(SUBPROOF(first, entries.slice(0, second), true).map(hex));
        expect(verifyConsistency(head(first), head(second), proof)).toBe(true);
      }
    }
  });
});

describe('a changed proof', () => {
  const size = fc.integer({ min: 1, max: SIZES });
  const pair = fc.tuple(size, size).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  const flip = (bytes: Uint8Array, at: number, bit: number) => {
    const copy = bytes.slice();
    copy[at]! ^= 1 << bit;
    return copy;
  };

  it('proves no inclusion, whichever bit of leaf, root or path was flipped', () => {
    fc.assert(
      fc.property(pair, fc.nat(), fc.nat(31), fc.nat(7), ([low, n], which, at, bit) => {
        const whole = claim(low - 1, n);
        const path = includes(low - 1, n);
        const target = which % (path.length + 2);
        const changed = path.map((hash, step) => (step === target ? flip(hash, at, bit) : hash));
        const leaf = target === path.length ? flip(whole.leafHash, at, bit) : whole.leafHash;
        const root = target === path.length + 1 ? flip(whole.root, at, bit) : whole.root;
        expect(verifyInclusion({ ...whole, leafHash: leaf, root }, changed)).toBe(false);
      }),
    );
  });

  it('proves no growth, whichever bit of either root or of the path was flipped', () => {
    fc.assert(
      fc.property(pair, fc.nat(), fc.nat(31), fc.nat(7), ([first, second], which, at, bit) => {
        const path = extendsTo(first, second);
        const target = which % (path.length + 2);
        const changed = path.map((hash, step) => (step === target ? flip(hash, at, bit) : hash));
        const older = { ...head(first), root: flip(heads[first]!, at, bit) };
        const newer = { ...head(second), root: flip(heads[second]!, at, bit) };
        expect(
          verifyConsistency(
            target === path.length ? older : head(first),
            target === path.length + 1 ? newer : head(second),
            changed,
          ),
        ).toBe(false);
      }),
    );
  });

  it('fails when it is shortened, lengthened or used at another index or size', () => {
    for (let n = 2; n <= 40; n++) {
      for (let index = 0; index < n; index++) {
        const path = includes(index, n);
        expect(verifyInclusion(claim(index, n), path.slice(1))).toBe(false);
        expect(verifyInclusion(claim(index, n), path.slice(0, -1))).toBe(false);
        expect(verifyInclusion(claim(index, n), [...path, heads[1]!])).toBe(false);
        expect(verifyInclusion({ ...claim(index, n), index: (index + 1) % n }, path)).toBe(false);
        const growth = extendsTo(index + 1, n);
        expect(verifyConsistency(head(index + 1), head(n), [...growth, heads[1]!])).toBe(false);
        if (index + 1 < n) {
          expect(verifyConsistency(head(index + 1), head(n), growth.slice(1))).toBe(false);
          expect(verifyConsistency(head(index + 1), head(n), growth.slice(0, -1))).toBe(false);
          expect(verifyConsistency({ ...head(index + 1), size: index + 2 }, head(n), growth)).toBe(false);
        }
      }
    }
  });
});

describe('a whole proof of a smaller tree', () => {
  it('proves nothing about a tree that is said to be larger', () => {
    for (let size = 1; size <= 16; size++) {
      for (let larger = size * 2; larger <= 64; larger++) {
        expect(verifyInclusion({ ...claim(0, size), size: larger }, includes(0, size))).toBe(false);
        const grown = { ...head(size), size: larger };
        expect(verifyConsistency(head(1), grown, extendsTo(1, size))).toBe(false);
      }
    }
  });
});

describe('nonsense', () => {
  const root = heads[1]!;
  it('is refused when a proof is asked for', () => {
    for (const [index, size] of [
      [0, 0],
      [1, 1],
      [-1, 4],
      [0.5, 4],
      [0, 2 ** 53],
    ] as const) {
      expect(() => nodesForInclusion(index, size)).toThrow(RangeError);
    }
    for (const [first, second] of [
      [0, 4],
      [5, 4],
      [1.5, 4],
      [1, Infinity],
    ] as const) {
      expect(() => nodesForConsistency(first, second)).toThrow(RangeError);
    }
    expect(() => nodeHash(root, root.subarray(1))).toThrow(RangeError);
  });

  it('is false, never a throw, when a proof is checked', () => {
    const short = root.subarray(1);
    expect(verifyInclusion({ leafHash: root, index: 0, size: 0, root }, [])).toBe(false);
    expect(verifyInclusion({ leafHash: root, index: Number.NaN, size: 1, root }, [])).toBe(false);
    expect(verifyInclusion({ leafHash: short, index: 0, size: 1, root: short }, [])).toBe(false);
    expect(verifyInclusion({ leafHash: root, index: 0, size: 2, root }, [short])).toBe(false);
    expect(verifyConsistency(head(0), head(4), [])).toBe(false);
    expect(verifyConsistency(head(0), head(0), [])).toBe(false);
    expect(verifyConsistency(head(4), head(3), [root])).toBe(false);
    expect(verifyConsistency(head(1), { size: 2, root }, [short])).toBe(false);
    expect(verifyConsistency({ size: 1, root: short }, head(2), [root])).toBe(false);
    expect(verifyConsistency(head(3), { ...head(3), root: heads[4]! }, [])).toBe(false);
  });

  it('a tree of 2^53 - 1 leaves still has proofs of 53 steps or fewer', () => {
    const size = Number.MAX_SAFE_INTEGER;
    expect(inclusionProof(size - 1, size, () => root)).toHaveLength(52);
    expect(inclusionProof(0, size, () => root)).toHaveLength(53);
    expect(consistencyProof(size - 1, size, () => root).length).toBeLessThanOrEqual(54);
  });
});
