import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { addNamed, addWorkTree, FoundWaivers } from './waiver-files.js';

const root = mkdtempSync(join(tmpdir(), 'conclave-waivers-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A folder of its own in a work tree of its own, with these files. */
function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = join(mkdtempSync(join(root, 'tree-')), '.conclave', 'waivers');
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}
const waivers = (count: number) => Array.from({ length: count }, (_, n) => `${n}\n`).join('');

describe('files of waivers', () => {
  it('are read once each, from folders and from a file that is named, wherever a name leads', async () => {
    const found = new FoundWaivers();
    const folder = folderOf({ 'b.jsonl': 'two\n', 'a.jsonl': 'one\n\ntwo\n' });
    mkdirSync(join(folder, 'deeper'));
    await addWorkTree(found, folder);
    symlinkSync(join(folder, 'a.jsonl'), join(root, 'named'));
    await addNamed(found, join(root, 'named'));
    await addNamed(found, join(root, 'nowhere'));
    await addWorkTree(found, join(root, 'nowhere'));
    expect(found.all).toEqual(['one', 'two']);
  });

  it('are no symbolic links, where others may have put them', async () => {
    const folder = folderOf({ 'a.jsonl': 'one' });
    const other = folderOf({});
    symlinkSync(join(folder, 'a.jsonl'), join(other, 'link.jsonl'));
    for (const add of [addNamed, addWorkTree])
      await expect(add(new FoundWaivers(), other)).rejects.toThrow('link.jsonl is a symbolic link');
    const tree = mkdtempSync(join(root, 'tree-'));
    symlinkSync(join(folder, '..'), join(tree, '.conclave'));
    await expect(addWorkTree(new FoundWaivers(), join(tree, '.conclave', 'waivers'))).rejects.toThrow(
      '.conclave is a symbolic link',
    );
  });

  it('are not read beyond what anybody needs', async () => {
    for (const [files, bound] of [
      [{ 'many.jsonl': waivers(1_001) }, '1000 waivers'],
      [{ 'a.jsonl': ' '.repeat(2_000_001), 'b.jsonl': ' '.repeat(2_000_000) }, '4000000 bytes'],
      [Object.fromEntries(Array.from({ length: 1_001 }, (_, n) => [`${n}`, ''])), '1000 files'],
    ] as const)
      await expect(addWorkTree(new FoundWaivers(), folderOf(files))).rejects.toThrow(`at most ${bound}`);
    const endless = addNamed(new FoundWaivers(), '/dev/zero');
    await expect(endless).rejects.toThrow('at most 4000000 bytes, passed at /dev/zero');
    const room = new FoundWaivers();
    await addWorkTree(room, folderOf({ 'most.jsonl': waivers(1_000), 'long.jsonl': ' '.repeat(3_900_000) }));
    expect(room.all).toHaveLength(1_000);
  });
});
