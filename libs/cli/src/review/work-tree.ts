import { basename, resolve } from 'node:path';
import { gitLine, pathText, tryGit } from '@conclave/connectors';
import { printable } from '../printable.js';

/** Where a repository keeps what belongs to it alone; all its work trees share it. */
export async function gitDirOf(repository: string): Promise<string> {
  return resolve(repository, await gitLine(repository, ['rev-parse', '--git-common-dir']));
}

/** The top of the work tree, or the folder of a bare repository. */
export async function topOf(repository: string): Promise<string> {
  const { status, stdout } = await tryGit(repository, ['rev-parse', '--show-toplevel']);
  return status === 0 ? stdout.toString('utf8').replace(/\n$/, '') : resolve(repository);
}

/** What to call the repository: the address of `origin` without credentials, else its folder's name. */
export async function nameOf(repository: string): Promise<string> {
  const { status, stdout } = await tryGit(repository, ['config', '--local', '--get', 'remote.origin.url']);
  const address = status === 0 ? withoutCredentials(stdout.toString('utf8').trim()) : '';
  const name = printable(address || basename(await topOf(repository)));
  return name.slice(0, 400) || 'repository';
}

function withoutCredentials(address: string): string {
  if (/^[\w.-]+@[\w.-]+:/.test(address)) return address;
  try {
    const url = new URL(address);
    if (url.protocol === 'file:') return basename(url.pathname);
    [url.username, url.password, url.search, url.hash] = ['', '', '', ''];
    return url.toString();
  } catch {
    return basename(address);
  }
}

/**
 * Paths that differ from HEAD or are not in it; none in a bare repository. Git may read files for that, but never through
 * the repository's filters. `diff` looks into a file that was merely touched; `diff-files` would name it.
 */
export async function uncommitted(repository: string): Promise<string[]> {
  if ((await gitLine(repository, ['rev-parse', '--is-inside-work-tree'])) !== 'true') return [];
  const top = await topOf(repository);
  const off = await filtersOff(top);
  const asked = await Promise.all([
    tryGit(top, [...off, 'diff', ...NO_PROGRAMS, '--name-only', '-z']),
    tryGit(top, [...off, 'diff-index', '--cached', '--name-only', '-z', 'HEAD', '--']),
    tryGit(top, ['ls-files', '--others', '--exclude-standard', '--directory', '--no-empty-directory', '-z']),
  ]);
  const names = asked.flatMap(({ status, stdout }) => (status === 0 ? splitAtNul(stdout) : []));
  return [...new Set(names)].sort();
}

const NO_PROGRAMS = ['--no-ext-diff', '--no-textconv', '--ignore-submodules=dirty'];

/** Options that make every clean filter the configuration names do nothing: they are programs of its author. */
async function filtersOff(repository: string): Promise<string[]> {
  const { stdout } = await tryGit(repository, ['config', '--null', '--name-only', '--get-regexp', '^filter\\.']);
  const drivers = new Set(splitAtNul(stdout).map((name) => name.slice(0, name.lastIndexOf('.'))));
  return [...drivers].flatMap((driver) => [
    '-c',
    `${driver}.clean=`,
    '-c',
    `${driver}.process=`,
    '-c',
    `${driver}.required=false`,
  ]);
}

function splitAtNul(bytes: Buffer): string[] {
  const names = [];
  for (let from = 0, end = bytes.indexOf(0); end >= 0; from = end + 1, end = bytes.indexOf(0, from))
    names.push(pathText(bytes.subarray(from, end)));
  return names;
}
