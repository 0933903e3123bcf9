import { copyFileSync, existsSync, mkdirSync, openSync, renameSync, statSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';

const LIMIT_BYTES = 20 * 1024 * 1024;

/** Opens a log for appending, setting the previous run's aside as `.1`. */
export function openLog(file: string, { rotate }: { readonly rotate: boolean }): number {
  mkdirSync(dirname(file), { recursive: true });
  if (rotate && existsSync(file)) renameSync(file, `${file}.1`);
  return openSync(file, 'a', 0o600);
}

/**
 * Copies a log that outgrew its limit aside and empties it in place. Its writer, which appends, needs not know; lines
 * written between the two calls are lost.
 */
export function boundLog(file: string, limitBytes = LIMIT_BYTES): void {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) <= limitBytes) return;
  copyFileSync(file, `${file}.1`);
  truncateSync(file, 0);
}
