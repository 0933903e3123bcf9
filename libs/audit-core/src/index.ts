/** Public interface: hashes, canonical and strict JSON, Merkle proofs, C2SP notes, signatures, DSSE. */
export * from './bytes.js';
export * from './checkpoint.js';
export * from './data-commitment.js';
export * from './dsse.js';
export * from './ed25519.js';
export * from './jcs.js';
export * from './malformed-error.js';
export * from './merkle-proof.js';
export {
  appendLeaves,
  EMPTY_FRONTIER,
  leafHash,
  nodeHash,
  rootOf,
  type Frontier,
  type JoinHashes,
  type NodeId,
  type TreeNode,
} from './merkle-tree.js';
export { isSafeP256Key, verifyP256 } from './p256.js';
export * from './sha256.js';
export * from './signed-note.js';
export * from './strict-json.js';
export * from './tiles.js';
export * from './tlog-proof.js';
export * from './tlog-witness.js';
