import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mustRun } from '../processes/run.js';

const FILES = 200;
const FILES_PER_COMMIT = 3;
const LINES = 60;

/**
 * Fills an empty directory with a repository of that many commits on `main`, each changing three files that tend to
 * change together, and one commit on `change` that leaves one of such three alone. The same commits every time.
 */
export async function createLongHistory(dir: string, commits: number): Promise<void> {
  await mustRun('git', ['init', '--quiet', '--initial-branch', 'main', dir]);
  const git = spawn('git', ['-c', 'core.hooksPath=/dev/null', 'fast-import', '--quiet'], {
    cwd: dir,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const ended = once(git, 'close');
  for (let no = 0; no < commits; no++) git.stdin.write(commit('main', no, filesOf(no, FILES_PER_COMMIT), no === 0));
  git.stdin.end(commit('change', commits, filesOf(commits, FILES_PER_COMMIT - 1), false));
  const [code] = (await ended) as [number];
  if (code !== 0) throw new Error(`git fast-import ended with ${code}`);
}

/** Neighbours, so that they are seen together often. */
const filesOf = (no: number, count: number) =>
  Array.from({ length: count }, (_, at) => ((no * FILES_PER_COMMIT) % (FILES - 2)) + at);

function commit(branch: string, no: number, files: readonly number[], isFirst: boolean): string {
  const time = 1_700_000_000 + no * 3_600;
  const message = `Change ${no}`;
  const changed = files.map((file) => {
    const text = contents(file, no);
    return `M 100644 inline src/module-${file}.js\ndata ${Buffer.byteLength(text)}\n${text}\n`;
  });
  return [
    `commit refs/heads/${branch}\n`,
    `committer Sam Sample <sam@example.org> ${time} +0000\n`,
    `data ${message.length}\n${message}\n`,
    isFirst || branch === 'main' ? '' : `from refs/heads/main\n`,
    ...changed,
    '\n',
  ].join('');
}

/** A module whose functions change one after the other. */
function contents(file: number, no: number): string {
  const line = (at: number) =>
    `export const step${at} = (value) => value * ${file + at} + ${at === no % LINES ? no : 1};`;
  return Array.from({ length: LINES }, (_, at) => line(at)).join('\n') + '\n';
}
