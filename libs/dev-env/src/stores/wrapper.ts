import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * A two-line program that runs another one with the environment it needs, so that a tool below the cache is used like
 * one on the path. It replaces itself: the pid is the program's own.
 */
export function writeWrapper(file: string, program: string, env: Readonly<Record<string, string>> = {}): void {
  const assignments = Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)}\n`);
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  writeFileSync(file, `#!/bin/sh\n${assignments.join('')}exec ${quoted(program)} "$@"\n`, { mode: 0o755 });
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
