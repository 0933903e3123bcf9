import { accessSync, constants, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where programs go that were fetched without touching the system; shared by all checkouts of one user. Root's lies
 * outside root's home, because Postgres runs as another user and must be able to walk there.
 */
export function toolCache(env: NodeJS.ProcessEnv = process.env): string {
  if (env['CONCLAVE_TOOL_CACHE']) return env['CONCLAVE_TOOL_CACHE'];
  if (process.getuid?.() === 0) return '/var/cache/conclave';
  const home = env['XDG_CACHE_HOME'] ?? join(homedir(), process.platform === 'darwin' ? 'Library/Caches' : '.cache');
  return isWritable(home) ? join(home, 'conclave') : join(env['CONCLAVE_STATE_DIR'] ?? '.conclave', 'cache', 'tools');
}

function isWritable(dir: string): boolean {
  try {
    mkdirSync(dir, { recursive: true });
    accessSync(dir, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
