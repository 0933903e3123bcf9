import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whom Postgres runs as: nobody special, unless we are root, which it refuses. Then the distribution's `postgres`, or
 * `nobody` where the server did not come from a package.
 */
export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const entries = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const found = ['postgres', '_postgres', 'nobody'].flatMap((name) => entries.filter(([login]) => login === name))[0];
  if (!found) throw new Error('PostgreSQL refuses to run as root and there is no user "postgres" or "nobody".');
  return { uid: Number(found[2]), gid: Number(found[3]) };
}

/**
 * A directory below which the server's user can work: `preferred`, or when the way there is barred to it (a checkout
 * in root's home) one below /var/lib that belongs to that path alone.
 */
export function reachableDir(preferred: string): string {
  mkdirSync(preferred, { recursive: true });
  const user = serverUser();
  if (!user || spawnSync('test', ['-x', preferred], { ...user, cwd: '/' }).status === 0) return preferred;
  const elsewhere = join('/var/lib/conclave', createHash('sha256').update(preferred).digest('hex').slice(0, 12));
  mkdirSync(elsewhere, { recursive: true });
  for (const dir of ['/var/lib/conclave', elsewhere]) chmodSync(dir, 0o755);
  return elsewhere;
}
