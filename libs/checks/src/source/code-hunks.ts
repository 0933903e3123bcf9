import type { Change, FileChange, Hunk } from '../change.js';
import { isFixture } from './file-kind.js';
import { productLines, textFiles } from './introduced.js';
import { isCodeFile } from './language.js';

/** A hunk that changes what the product does, as opposed to tests, comments or data. */
export interface CodeHunk {
  file: FileChange;
  hunk: Hunk;
}

/** Something a machine carries out stands on the line: more than brackets. */
const saysSomething = ({ code }: { code: string }): boolean => /[\p{L}\p{N}]/u.test(code);

/** Code hunks of added, modified and renamed files, in order of path and line; an added file is one hunk. */
export function codeHunks(change: Change): CodeHunk[] {
  return textFiles(change, (path) => isCodeFile(path) && !isFixture(path))
    .filter(({ file }) => file.status !== 'deleted' && file.status !== 'type-changed')
    .flatMap((view) => {
      const shipped = productLines(view).length;
      return view.file.hunks
        .filter(({ newStart, newLines, oldStart, oldLines }) => {
          const added = view.after.slice(newStart - 1, newStart - 1 + newLines);
          const removed = view.before.slice(oldStart - 1, oldStart - 1 + oldLines);
          return newStart <= shipped && [...(newLines ? added : []), ...(oldLines ? removed : [])].some(saysSomething);
        })
        .map((hunk) => ({ file: view.file, hunk }));
    });
}
