interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
}
export function installedAsLocked(lock: { packages: Record<string, LockedPackage> }, record?: string): boolean;
export function removeOrphans(projects: readonly string[], base?: string): void;
export function compiledProjects(): string[];
