import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes a directory and those above it, durably. */
export async function makeDir(dir: string): Promise<void> {
  const first = await mkdir(dir, { recursive: true });
  for (let made = dir; first && made.length >= first.length; made = dirname(made)) await flushDir(dirname(made));
}

/** A name in a directory survives a power cut once the directory is flushed. */
export async function flushDir(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
