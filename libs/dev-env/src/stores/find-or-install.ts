import { locate, type LocateOptions } from './locate.js';
import { aptInstaller } from './install-apt.js';
import type { Installer } from './installer.js';
import { brewInstaller } from './install-brew.js';
import { embeddedPostgresInstaller } from './install-embedded-postgres.js';
import { rootlessInstaller } from './install-rootless.js';
import { tools, type LocatedTool, type ToolName } from './tools.js';

/** In order of preference: the system's packages, then ways that touch nothing but the user's cache. */
const installers: readonly Installer[] = [aptInstaller, rootlessInstaller, embeddedPostgresInstaller, brewInstaller];

export interface Found {
  readonly located: ReadonlyMap<ToolName, LocatedTool>;
  /** Why a tool could not be had, one line per attempt. */
  readonly failures: ReadonlyMap<ToolName, readonly string[]>;
}

/** Finds each tool or installs it, trying the next way for whatever the last one did not bring. */
export async function findOrInstall(
  wanted: readonly ToolName[],
  say: (detail: string) => void,
  options: LocateOptions & { readonly ways?: readonly Installer[] } = {},
): Promise<Found> {
  const located = new Map<ToolName, LocatedTool>();
  const failures = new Map<ToolName, string[]>(wanted.map((name) => [name, []]));
  const look = async () => {
    for (const name of wanted) {
      const found = located.has(name) ? undefined : await locate(name, options);
      if (found) located.set(name, found);
    }
    return wanted.filter((name) => !located.has(name));
  };
  let missing = await look();
  for (const way of options.ways ?? installers) {
    const offered = missing.length > 0 ? await way.offers(missing) : [];
    if (offered.length === 0) continue;
    say(`installing ${offered.map((name) => tools[name].title).join(', ')} with ${way.title}`);
    for (const [name, reason] of await attempt(way, offered)) failures.get(name)?.push(`${way.title}: ${reason}`);
    missing = await look();
  }
  return { located, failures };
}

/** All in one go; when that fails one by one, so that one unobtainable package does not cost the others. */
async function attempt(way: Installer, names: readonly ToolName[]): Promise<readonly (readonly [ToolName, string])[]> {
  try {
    await way.install(names);
    return [];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const [only] = names;
    if (names.length === 1 && only) return [[only, reason]];
    const each: (readonly [ToolName, string])[] = [];
    for (const name of names) each.push(...(await attempt(way, [name])));
    return each;
  }
}
