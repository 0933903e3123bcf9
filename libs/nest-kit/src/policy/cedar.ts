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

export class Cedar {
  private loaded: typeof CedarWasm | undefined;
  private readonly prepared = new Map<string, string>();

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
  prepare(name: string, digest: string, policies: Readonly<Record<string, string>>): void {
    if (this.prepared.get(name) === digest) return;
    const parsed = this.use((cedar) => cedar.preparsePolicySet(name, { staticPolicies: policies }));
    if (parsed.type === 'failure') throw new Error(`policies do not parse: ${parsed.errors[0]?.message}`);
    this.prepared.set(name, digest);
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
