/**
 * Cedar, the language of policies (cedarpolicy.com), in process. It is four megabytes of WebAssembly that are read when
 * the first tenant has a policy, and never before.
 *
 * A module that trapped has lost track of its memory, so it is thrown away and the next call begins with a fresh one,
 * which has no prepared policies.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type * as CedarWasm from '@cedar-policy/cedar-wasm/nodejs';

export type { ActionType, DetailedError, EntityType, EntityJson, SchemaJson } from '@cedar-policy/cedar-wasm/nodejs';

/** The actions that each policy is about, by its id; absent when it is about all. */
type Actions = ReadonlyMap<string, readonly string[]>;

interface Prepared {
  readonly digest: string;
  readonly actions: Actions;
}

export class Cedar {
  private loaded: typeof CedarWasm | undefined;
  private readonly prepared = new Map<string, Prepared>();

  /** @throws WebAssembly.RuntimeError when the module trapped */
  use<T>(work: (cedar: typeof CedarWasm) => T): T {
    try {
      return work((this.loaded ??= load()));
    } catch (error) {
      this.loaded = undefined;
      this.prepared.clear();
      throw error;
    }
  }

  /** Has `policies` parsed under `name`, in place of others, unless it was done already for this `digest` of them. */
  prepare(name: string, digest: string, policies: Readonly<Record<string, string>>): Actions {
    const known = this.prepared.get(name);
    if (known?.digest === digest) return known.actions;
    const parsed = this.use((cedar) => cedar.preparsePolicySet(name, { staticPolicies: policies }));
    if (parsed.type === 'failure') throw new Error(`policies do not parse: ${parsed.errors[0]?.message}`);
    const actions = new Map(Object.entries(policies).flatMap(([id, source]) => this.actionsOf(id, source)));
    this.prepared.set(name, { digest, actions });
    return actions;
  }

  private actionsOf(id: string, source: string): [string, string[]][] {
    const read = this.use((cedar) => cedar.policyToJson(source));
    const scope = read.type === 'success' ? read.json.action : { op: 'All' as const };
    if (scope.op === 'All') return [];
    const named = 'entities' in scope ? scope.entities : 'entity' in scope ? [scope.entity] : [];
    return [[id, named.map((uid) => ('__entity' in uid ? uid.__entity : uid).id)]];
  }
}

/** The bundler lays the module beside the code; a checkout has it among the packages. */
function load(): typeof CedarWasm {
  const require = createRequire(import.meta.url);
  const beside = fileURLToPath(new URL('cedar_wasm.cjs', import.meta.url));
  const path = existsSync(beside) ? beside : require.resolve('@cedar-policy/cedar-wasm/nodejs');
  delete require.cache[path];
  return require(path) as typeof CedarWasm;
}
