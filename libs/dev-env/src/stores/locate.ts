import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from '../processes/run.js';
import { toolCache } from './tool-cache.js';
import { tools, type LocatedTool, type ToolName } from './tools.js';

export interface LocateOptions {
  /** Search path; the process's own unless told. */
  readonly path?: string;
  /** Directories where distributions put what is not on the path. */
  readonly wellKnown?: readonly string[];
  readonly cacheDir?: string;
  /** Refuses a version for reasons of the caller's, such as data written by another one. */
  readonly accepts?: (name: ToolName, version: string) => boolean;
}

/**
 * Finds a tool without installing anything: on the path, where Debian and Homebrew keep what they leave off the path
 * (`initdb`, `nats-server`), then in Conclave's own cache. A program too old counts as absent.
 */
export async function locate(name: ToolName, options: LocateOptions = {}): Promise<LocatedTool | undefined> {
  const path = (options.path ?? process.env['PATH'] ?? '').split(delimiter).filter((dir) => dir !== '');
  const [main = [], ...rest] = tools[name].programs;
  for (const dir of [
    ...path,
    ...(options.wellKnown ?? wellKnownDirs(name)),
    join(options.cacheDir ?? toolCache(), 'bin'),
  ]) {
    const programs = [main, ...rest].map((names) => names.map((n) => join(dir, n)).find(isProgram));
    if (!programs.every((program) => program !== undefined)) continue;
    const version = await versionOf(programs[0] ?? '');
    if (version && isAtLeast(version, tools[name].minimum) && (options.accepts?.(name, version) ?? true))
      return { name, version, programs };
  }
  return undefined;
}

function wellKnownDirs(name: ToolName): readonly string[] {
  const common = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin', '/usr/local/bin'];
  if (name === 'chromium') return [...common, '/Applications/Google Chrome.app/Contents/MacOS'];
  if (name !== 'postgres') return common;
  const kegs = ['/opt/homebrew/opt', '/usr/local/opt', '/home/linuxbrew/.linuxbrew/opt'];
  return [
    ...newestFirst('/usr/lib/postgresql', /^\d+$/),
    ...newestFirst('/usr', /^pgsql-\d+$/),
    ...kegs.flatMap((keg) => newestFirst(keg, /^postgresql@\d+$/)),
  ];
}

function newestFirst(parent: string, pattern: RegExp): readonly string[] {
  try {
    const number = (entry: string) => Number(/\d+$/.exec(entry)?.[0]);
    const entries = readdirSync(parent).filter((entry) => pattern.test(entry));
    return entries.sort((a, b) => number(b) - number(a)).map((entry) => join(parent, entry, 'bin'));
  } catch {
    return [];
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

async function versionOf(program: string): Promise<string | undefined> {
  const { code, stdout, stderr } = await run(program, ['--version'], { timeoutMs: 20_000 });
  return code === 0 ? /\d+(?:\.\d+)+/.exec(stdout + stderr)?.[0] : undefined;
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [a = 0, b = 0] = version.split('.').map(Number);
  return a > major || (a === major && b >= minor);
}
