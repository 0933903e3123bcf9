/**
 * The append-only Merkle tree of RFC 6962 §2.1 (RFC 9162 §2.1.1), kept as a frontier.
 *
 * Leaves and nodes are hashed under different prefixes, so no leaf can pose as a node. A *complete* node
 * `(level, index)` covers leaves `[index·2^level, (index+1)·2^level)` and never changes once its last
 * leaf is in; all roots and proofs are made of complete nodes. Sizes are safe integers.
 */
import { concatBytes } from './bytes.js';
import { sha256 } from './sha256.js';

/** Address of a complete subtree; level 0 is the leaves. */
export interface NodeId {
  readonly level: number;
  readonly index: number;
}

/** A complete subtree and its hash: what a log stores, once and for ever. */
export interface TreeNode extends NodeId {
  readonly hash: Uint8Array;
}

/** All that is needed to append: the hashes of the tree's complete subtrees, largest (leftmost) first. */
export interface Frontier {
  readonly size: number;
  readonly hashes: readonly Uint8Array[];
}

/** How two neighbours become one: {@link nodeHash}, or the same by a faster SHA-256 of the platform. */
export type JoinHashes = (left: Uint8Array, right: Uint8Array) => Uint8Array;

const LEAF_PREFIX = Uint8Array.of(0);
const nodeInput = new Uint8Array(65).fill(1, 0, 1);

/** The tree without leaves. */
export const EMPTY_FRONTIER: Frontier = { size: 0, hashes: [] };

/** Hash of a leaf: SHA-256(0x00 ‖ entry). */
export function leafHash(entry: Uint8Array): Uint8Array {
  return sha256(concatBytes(LEAF_PREFIX, entry));
}

/** Hash of an inner node: SHA-256(0x01 ‖ left ‖ right), of 32-byte children. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length !== 32 || right.length !== 32) throw new RangeError('a node hash covers two 32-byte hashes');
  nodeInput.set(left, 1);
  nodeInput.set(right, 33);
  return sha256(nodeInput);
}

/**
 * Appends leaves (given by their leaf hashes) and names every node that became complete, the leaves
 * included, in the order of completion. Amortised two nodes per leaf.
 */
export function appendLeaves(
  frontier: Frontier,
  leafHashes: readonly Uint8Array[],
  join: JoinHashes = nodeHash,
): { frontier: Frontier; nodes: TreeNode[] } {
  const hashes = [...frontier.hashes];
  const nodes: TreeNode[] = [];
  let size = frontier.size;
  for (const leaf of leafHashes) {
    let node: TreeNode = { level: 0, index: size, hash: leaf };
    nodes.push(node);
    while (node.index % 2 === 1) {
      node = { level: node.level + 1, index: (node.index - 1) / 2, hash: join(hashes.pop()!, node.hash) };
      nodes.push(node);
    }
    hashes.push(node.hash);
    size++;
  }
  return { frontier: { size, hashes }, nodes };
}

/** The tree head; SHA-256 of nothing for the empty tree. */
export function rootOf(frontier: Frontier): Uint8Array {
  return foldRight(frontier.hashes) ?? sha256(new Uint8Array());
}

/** Joins neighbouring subtrees of falling size under their common root, as the RFC's recursive split does. */
export function foldRight(hashes: readonly Uint8Array[], join: JoinHashes = nodeHash): Uint8Array | undefined {
  let root = hashes.at(-1);
  for (let at = hashes.length - 2; at >= 0; at--) root = join(hashes[at]!, root!);
  return root;
}
