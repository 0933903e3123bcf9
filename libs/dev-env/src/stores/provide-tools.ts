import { delimiter, dirname } from 'node:path';
import { findOrInstall } from './find-or-install.js';
import type { LocatedTool, ToolName } from './tools.js';

export interface ProvidedTools {
  readonly located: ReadonlyMap<ToolName, LocatedTool>;
  readonly missing: readonly ToolName[];
  /** The search path with the directories of located programs that were not on it. */
  readonly path: string;
}

/** Finds or installs tools that programs look up by name; what cannot be had is reported, not fatal. */
export async function provideTools(wanted: readonly ToolName[], say: (detail: string) => void): Promise<ProvidedTools> {
  const { located } = await findOrInstall(wanted, say);
  const path = (process.env['PATH'] ?? '').split(delimiter);
  const dirs = [...located.values()].flatMap(({ programs }) => programs.map((program) => dirname(program)));
  const added = [...new Set(dirs)].filter((dir) => !path.includes(dir));
  return { located, missing: wanted.filter((name) => !located.has(name)), path: [...path, ...added].join(delimiter) };
}
