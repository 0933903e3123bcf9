/**
 * Inclusion and consistency proofs: made as RFC 6962 §2.1.1-2.1.2 defines them, checked by the
 * algorithms of RFC 9162 §2.1.3.2 and §2.1.4.2.
 *
 * Each proof element is the root of a range of leaves; the range splits into complete nodes, which can
 * be named before any is read (one query) and folded once they are there. Checking and making share
 * nothing but the node hash. A proof from size 0 says nothing and is refused.
 */
import { equalBytes } from './bytes.js';
import { foldRight, nodeHash, type NodeId } from './merkle-tree.js';

/** Leaves `[begin, end)`, where `begin` is a multiple of a power of two not below the length. */
interface LeafRange {
  readonly begin: number;
  readonly end: number;
}

/** Reads the hash of a stored complete node. */
export type NodeReader = (level: number, index: number) => Uint8Array;

/** The complete nodes an inclusion proof is made of. */
export function nodesForInclusion(index: number, size: number): NodeId[] {
  return inclusionRanges(index, size).flatMap(completeNodes);
}

/** The complete nodes a consistency proof is made of. */
export function nodesForConsistency(first: number, second: number): NodeId[] {
  return consistencyRanges(first, second).flatMap(completeNodes);
}

/** The complete nodes whose hashes, folded, are the root of a tree of that size. */
export function nodesForRoot(size: number): NodeId[] {
  return completeNodes({ begin: 0, end: size });
}

/** Proof that the leaf at `index` is in the tree of `size` leaves: PATH(index, D[size]), leaf's sibling first. */
export function inclusionProof(index: number, size: number, nodeAt: NodeReader): Uint8Array[] {
  return inclusionRanges(index, size).map((range) => rangeHash(range, nodeAt));
}

/** Proof that the tree of `first` leaves is a prefix of the tree of `second`: PROOF(first, D[second]). */
export function consistencyProof(first: number, second: number, nodeAt: NodeReader): Uint8Array[] {
  return consistencyRanges(first, second).map((range) => rangeHash(range, nodeAt));
}

/** What an inclusion proof claims. */
export interface InclusionClaim {
  readonly leafHash: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly root: Uint8Array;
}

/** Whether the proof leads from the leaf to the root; false, never a throw, on any nonsense. */
export function verifyInclusion(claim: InclusionClaim, proof: readonly Uint8Array[]): boolean {
  const { index, size } = claim;
  if (!isCount(index) || !isCount(size) || index >= size) return false;
  if (![claim.leafHash, ...proof].every(isHash)) return false;
  const walk = new Walk(index, size - 1);
  let root = claim.leafHash;
  for (const sibling of proof) {
    const side = walk.up();
    if (side === undefined) return false;
    root = side === 'left' ? nodeHash(sibling, root) : nodeHash(root, sibling);
  }
  return walk.atTop && equalBytes(root, claim.root);
}

/** A tree's size and root, as a checkpoint states them. */
export interface TreeHead {
  readonly size: number;
  readonly root: Uint8Array;
}

/** Whether the proof shows that `newer` only appended to `older`; false, never a throw, on any nonsense. */
export function verifyConsistency(older: TreeHead, newer: TreeHead, proof: readonly Uint8Array[]): boolean {
  if (!isCount(older.size) || !isCount(newer.size) || older.size === 0 || older.size > newer.size) return false;
  if (older.size === newer.size) return proof.length === 0 && equalBytes(older.root, newer.root);
  const path = isPowerOfTwo(older.size) ? [older.root, ...proof] : proof;
  const [seed, ...rest] = path;
  if (seed === undefined || !path.every(isHash)) return false;

  const walk = new Walk(older.size - 1, newer.size - 1);
  walk.skipCompleted();
  let olderRoot = seed;
  let newerRoot = seed;
  for (const sibling of rest) {
    const side = walk.up();
    if (side === undefined) return false;
    if (side === 'left') olderRoot = nodeHash(sibling, olderRoot);
    newerRoot = side === 'left' ? nodeHash(sibling, newerRoot) : nodeHash(newerRoot, sibling);
  }
  return walk.atTop && equalBytes(olderRoot, older.root) && equalBytes(newerRoot, newer.root);
}

/** The climb from a node to the root beside the tree's right edge: RFC 9162's `fn` and `sn`. */
class Walk {
  constructor(
    private node: number,
    private edge: number,
  ) {}

  get atTop(): boolean {
    return this.edge === 0;
  }

  /** Climbs to the parent and says on which side its sibling stands; nothing above the root. */
  up(): 'left' | 'right' | undefined {
    if (this.atTop) return undefined;
    const side = this.node % 2 === 1 || this.node === this.edge ? 'left' : 'right';
    if (side === 'left') while (this.node % 2 === 0 && this.node !== 0) this.shift();
    this.shift();
    return side;
  }

  /** Skips to the largest complete subtree that ends at the node: the seed of a consistency proof. */
  skipCompleted(): void {
    while (this.node % 2 === 1) this.shift();
  }

  private shift(): void {
    this.node = Math.floor(this.node / 2);
    this.edge = Math.floor(this.edge / 2);
  }
}

function inclusionRanges(index: number, size: number): LeafRange[] {
  if (!isCount(index) || !isCount(size) || index >= size) throw new RangeError(`no leaf ${index} in a tree of ${size}`);
  const siblings: LeafRange[] = [];
  let [begin, end] = [0, size];
  while (end - begin > 1) {
    const middle = splitOf(begin, end);
    if (index < middle) {
      siblings.push({ begin: middle, end });
      end = middle;
    } else {
      siblings.push({ begin, end: middle });
      begin = middle;
    }
  }
  return siblings.reverse();
}

function consistencyRanges(first: number, second: number): LeafRange[] {
  if (!isCount(first) || !isCount(second) || first === 0 || first > second) {
    throw new RangeError(`no consistency proof from size ${first} to ${second}`);
  }
  const siblings: LeafRange[] = [];
  let [begin, end] = [0, second];
  while (first < end) {
    const middle = splitOf(begin, end);
    if (first <= middle) {
      siblings.push({ begin: middle, end });
      end = middle;
    } else {
      siblings.push({ begin, end: middle });
      begin = middle;
    }
  }
  if (begin !== 0) siblings.push({ begin, end });
  return siblings.reverse();
}

/** Where the RFC splits a range: the largest power of two below its length. */
function splitOf(begin: number, end: number): number {
  let half = 1;
  while (half * 2 < end - begin) half *= 2;
  return begin + half;
}

/** A range as complete nodes of falling size: one per set bit of its length. */
function completeNodes({ begin, end }: LeafRange): NodeId[] {
  const nodes: NodeId[] = [];
  for (let at = begin; at < end;) {
    let level = 0;
    while (at + 2 ** (level + 1) <= end) level++;
    nodes.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return nodes;
}

function rangeHash(range: LeafRange, nodeAt: NodeReader): Uint8Array {
  return foldRight(completeNodes(range).map(({ level, index }) => nodeAt(level, index)))!;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isHash(bytes: Uint8Array): boolean {
  return bytes.length === 32;
}

function isPowerOfTwo(value: number): boolean {
  return 2 ** Math.round(Math.log2(value)) === value;
}
