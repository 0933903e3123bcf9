/**
 * Waivers as they lie in files, read within bounds: whoever proposes a change may put anything there. Beyond a bound
 * nothing is left out silently: the command ends.
 */
import { constants, type Stats } from 'node:fs';
import { lstat, open, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { waiversIn } from '@conclave/verify';
import { usage, type Fault } from '../fault.js';

const MAX_FILES = 1_000;
const MAX_WAIVERS = 1_000;
const MAX_BYTES = 4_000_000;

/** What was found so far, of all places together. */
export class FoundWaivers {
  private readonly texts = new Set<string>();
  private files = 0;
  private bytes = 0;

  /** Waivers, each once. */
  get all(): string[] {
    return [...this.texts];
  }

  /** How many bytes there is still room for. */
  get room(): number {
    return MAX_BYTES - this.bytes;
  }

  /** @throws Fault when a bound is passed */
  add(place: string, file: Buffer): void {
    this.bytes += file.length;
    this.files += 1;
    for (const text of waiversIn(file.toString('utf8'))) this.texts.add(text);
    if (this.bytes > MAX_BYTES) throw tooMuch(`${MAX_BYTES} bytes`, place);
    if (this.files > MAX_FILES) throw tooMuch(`${MAX_FILES} files`, place);
    if (this.texts.size > MAX_WAIVERS) throw tooMuch(`${MAX_WAIVERS} waivers`, place);
  }

  /** Whether so many more files may be read. @throws Fault */
  expect(count: number, place: string): void {
    if (this.files + count > MAX_FILES) throw tooMuch(`${MAX_FILES} files`, place);
  }
}

/** Adds a file that was named, or the files of a folder; where it leads is the caller's choice. */
export async function addNamed(found: FoundWaivers, path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory()) await addFolder(found, path);
  else if (there) found.add(path, await bytesOf(path, found.room));
}

/** Adds the files of a folder of the work tree, which may be anybody's work. */
export async function addWorkTree(found: FoundWaivers, folder: string): Promise<void> {
  for (const path of [dirname(folder), folder]) refuseLink(await lstat(path).catch(() => undefined), path);
  const there = await stat(folder).catch(() => undefined);
  if (there?.isDirectory()) await addFolder(found, folder);
}

async function addFolder(found: FoundWaivers, folder: string): Promise<void> {
  const names = (await readdir(folder)).sort();
  found.expect(names.length, folder);
  for (const name of names) {
    const path = join(folder, name);
    const there = await lstat(path);
    refuseLink(there, path);
    if (there.isFile()) found.add(path, await bytesOf(path, found.room, constants.O_NOFOLLOW));
  }
}

/** At most one byte more than there is room for, by which whoever counts them sees that it is too much. */
async function bytesOf(path: string, room: number, flags = 0): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | flags);
  const chunks: Buffer[] = [];
  for await (const chunk of file.createReadStream({ end: room })) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function refuseLink(there: Stats | undefined, path: string): void {
  if (there?.isSymbolicLink())
    throw usage(`${path} is a symbolic link`, 'Waivers are read from files: put the file itself there.');
}

function tooMuch(bound: string, place: string): Fault {
  return usage(
    `there are more waivers than are read: at most ${bound}, passed at ${place}`,
    'Take away what is not needed.',
  );
}
