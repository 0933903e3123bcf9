#!/usr/bin/env node
/** Writes what is generated in `docs/spec`: JSON Schemas from the shapes, test vectors from their seeds. Needs a build. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generatedFiles } from '../dist/test/spec-files.js';

const folder = join(import.meta.dirname, '../../../docs/spec');
const vectors = join(folder, 'vectors');
const files = await generatedFiles();
mkdirSync(vectors, { recursive: true });
for (const name of readdirSync(vectors)) if (!files.has(`vectors/${name}`)) rmSync(join(vectors, name));
for (const [name, bytes] of files) {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), bytes);
}
process.stdout.write(`${files.size} files in docs/spec\n`);
