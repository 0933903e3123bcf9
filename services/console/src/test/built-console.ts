import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const service = resolve(import.meta.dirname, '../../../..');
const vite = resolve(service, '../../node_modules/vite/bin/vite.js');

/** The console as it ships, built aside so that what is being served elsewhere stays in place. */
export async function buildConsole(): Promise<{ readonly dir: string; readonly remove: () => void }> {
  const dir = mkdtempSync(join(tmpdir(), 'conclave-console-'));
  const { NODE_ENV: _, NODE_OPTIONS: __, ...env } = process.env;
  const args = [vite, 'build', '--outDir', dir, '--emptyOutDir', '--logLevel', 'error'];
  await promisify(execFile)(process.execPath, args, { cwd: service, env });
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
