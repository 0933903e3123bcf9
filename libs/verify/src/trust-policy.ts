/**
 * The trust policy: whose keys a reader believes and what they demand of a receipt. JSON, version 1:
 *
 *     { "version": 1, "logs": [vkey…], "services": [{ "keyid", "publicKey" }],
 *       "witnesses"?: { "keys": [vkey…], "threshold": k }, "voters"?: [{ "voterId", "publicKey" }],
 *       "algorithms"?: [name…], "relyingParties"?: [{ "rpId", "origin" }], "minExternalCustody"?: n,
 *       "require"?: { "outcome"?, "panelSha256"?, "origin"?, "repository"?, "waves"? },
 *       "waivers"?: { "keys": [{ "keyid", "publicKey" }], "threshold": k } }
 *
 * A witness counts once: a key under two names is refused, since a cosignature does not say whose name it is under.
 * `minExternalCustody` needs `voters`: without keys the reader knows, custody is the platform's word alone.
 * It comes from the reader's side, never with the receipt. Unknown members are refused, so that a demand
 * that is misspelt cannot pass as met. Public keys are raw Ed25519 in base64, those of voters also uncompressed P-256
 * points (passkeys); vkeys are C2SP's.
 */
import {
  base64,
  ED25519_COSIGNATURE,
  ED25519_NOTE,
  fromBase64,
  isSafeEd25519Key,
  isSafeP256Key,
  jcs,
  MalformedError,
  parseStrictJson,
  parseVkey,
  type Json,
  type JsonObject,
  type NoteKey,
} from '@conclave/audit-core';
import { signatureAlgorithms, type RelyingParty, type SignatureAlgorithm } from '@conclave/consensus-core';

/** A key with the name it is found under: a key id or a voter id. */
export interface NamedKey {
  readonly name: string;
  readonly publicKey: Uint8Array;
}

/** Facts a receipt must show; an absent demand is met by anything. */
export interface Demands {
  readonly outcome?: string;
  readonly panelSha256?: string;
  readonly origin?: string;
  readonly repository?: string;
  /** `finished`: nothing but certainty kept voters from being asked. */
  readonly waves?: string;
}

/** A trust policy as read. */
export interface TrustPolicy {
  /** Keys of logs; a key speaks only for the origin it is named after. */
  readonly logs: readonly NoteKey[];
  readonly services: readonly NamedKey[];
  /** At least `threshold` of these must have cosigned the checkpoint. */
  readonly witnesses: { readonly keys: readonly NoteKey[]; readonly threshold: number };
  /** Keys known from elsewhere; where given, only they count as held outside the platform. */
  readonly voters?: readonly NamedKey[];
  /** How voters may sign; where given, nobody of the electorate signs otherwise. */
  readonly algorithms?: readonly SignatureAlgorithm[];
  /** For which sites passkeys may speak; where given, nobody of the electorate has one of another. */
  readonly relyingParties?: readonly RelyingParty[];
  /** How many keys held outside the platform must stand behind counted ballots. */
  readonly minExternalCustody: number;
  readonly require: Demands;
  /** Who may waive what rejected a change, and how many of them it takes; a threshold of 0 is nobody. */
  readonly waivers: { readonly keys: readonly NamedKey[]; readonly threshold: number };
}

const DEMANDS = ['outcome', 'panelSha256', 'origin', 'repository', 'waves'] as const;

/** Reads a trust policy file; throws MalformedError on anything that is not exactly one. */
export function parseTrustPolicy(text: string): TrustPolicy {
  const policy = members(
    parseStrictJson(text),
    ['version', 'logs', 'services'],
    ['witnesses', 'voters', 'algorithms', 'relyingParties', 'minExternalCustody', 'require', 'waivers'],
  );
  if (policy['version'] !== 1) throw refuse('version is not 1');
  const logs = vkeys(policy['logs'], ED25519_NOTE);
  const services = namedKeys(policy['services'], 'keyid');
  if (logs.length === 0 || services.length === 0) throw refuse('at least one log and one service are needed');
  const minExternalCustody = count(policy['minExternalCustody'] ?? 0);
  if (minExternalCustody > 0 && policy['voters'] === undefined)
    throw refuse('minExternalCustody needs voters, the keys that are known to be outside');
  return {
    logs,
    services,
    witnesses: witnesses(policy['witnesses']),
    ...(policy['voters'] !== undefined && { voters: namedKeys(policy['voters'], 'voterId', isSafeVoterKey) }),
    ...(policy['algorithms'] !== undefined && { algorithms: algorithms(policy['algorithms']) }),
    ...(policy['relyingParties'] !== undefined && { relyingParties: relyingParties(policy['relyingParties']) }),
    minExternalCustody,
    require: demands(policy['require'] ?? {}),
    waivers: waivers(policy['waivers']),
  };
}

function witnesses(value: Json | undefined): TrustPolicy['witnesses'] {
  if (value === undefined) return { keys: [], threshold: 0 };
  const known = members(value, ['keys', 'threshold']);
  const keys = vkeys(known['keys'], ED25519_COSIGNATURE);
  distinct(keys.map(({ publicKey }) => publicKey.join()));
  const threshold = count(known['threshold']);
  if (threshold > keys.length) throw refuse('the witness threshold exceeds the number of witnesses');
  return { keys, threshold };
}

function waivers(value: Json | undefined): TrustPolicy['waivers'] {
  if (value === undefined) return { keys: [], threshold: 0 };
  const known = members(value, ['keys', 'threshold']);
  const keys = namedKeys(known['keys'], 'keyid');
  distinct(keys.map(({ publicKey }) => base64(publicKey)));
  const threshold = count(known['threshold']);
  if (threshold === 0 || threshold > keys.length) throw refuse('as many as may waive must do so, and one at least');
  return { keys, threshold };
}

function demands(value: Json): Demands {
  return Object.fromEntries(Object.entries(members(value, [], DEMANDS)).map(([name, demand]) => [name, text(demand)]));
}

function algorithms(value: Json): SignatureAlgorithm[] {
  const named = list(value).map((item) => {
    const known = signatureAlgorithms.find((algorithm) => algorithm === item);
    if (known === undefined) throw refuse('an algorithm nobody knows');
    return known;
  });
  if (named.length === 0) throw refuse('at least one algorithm is needed');
  distinct(named);
  return named;
}

function relyingParties(value: Json): RelyingParty[] {
  const named = list(value).map((item) => {
    const { rpId, origin } = members(item, ['rpId', 'origin']);
    return { rpId: text(rpId), origin: text(origin) };
  });
  if (named.length === 0) throw refuse('at least one relying party is needed');
  distinct(named.map(({ rpId, origin }) => jcs([rpId, origin])));
  return named;
}

function vkeys(value: Json | undefined, type: NoteKey['type']): NoteKey[] {
  const keys = list(value).map((vkey) => parseVkey(text(vkey)));
  if (keys.some((key) => key.type !== type)) throw refuse('a verifier key is of the wrong type for its place');
  distinct(keys.map(({ name, publicKey }) => `${name} ${publicKey.join()}`));
  return keys;
}

const isSafeVoterKey = (key: Uint8Array): boolean => isSafeEd25519Key(key) || isSafeP256Key(key);

function namedKeys(value: Json | undefined, nameMember: string, isSafe = isSafeEd25519Key): NamedKey[] {
  const keys = list(value).map((item) => {
    const known = members(item, [nameMember, 'publicKey']);
    const publicKey = fromBase64(text(known['publicKey']));
    if (!isSafe(publicKey)) throw refuse('not a safe public key');
    return { name: text(known[nameMember]), publicKey };
  });
  distinct(keys.map(({ name }) => name));
  return keys;
}

function members(value: Json, required: readonly string[], optional: readonly string[] = []): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse('an object was expected');
  const missing = required.find((name) => !(name in value));
  if (missing !== undefined) throw refuse(`${missing} is missing`);
  const unknown = Object.keys(value).find((name) => !required.includes(name) && !optional.includes(name));
  if (unknown !== undefined) throw refuse(`${unknown} is not known`);
  return value;
}

function list(value: Json | undefined): Json[] {
  if (!Array.isArray(value)) throw refuse('a list was expected');
  return value;
}

function text(value: Json | undefined): string {
  if (typeof value !== 'string' || value === '') throw refuse('a text was expected');
  return value;
}

function count(value: Json | undefined): number {
  if (typeof value !== 'number' || value < 0) throw refuse('a number from 0 was expected');
  return value;
}

function distinct(names: readonly string[]): void {
  if (new Set(names).size < names.length) throw refuse('the same key or name twice');
}

function refuse(reason: string): MalformedError {
  return new MalformedError('trust policy', reason);
}
