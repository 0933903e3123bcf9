/** Reading our own pages: what they link to, and which commands they tell people to type. */
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { repositoryRoot } from '../paths.js';

export interface Page {
  /** From the repository's root. */
  readonly path: string;
  readonly text: string;
}

/** The page at that path of the repository. */
export const pageAt = (path: string): Page => ({ path, text: readFileSync(join(repositoryRoot, path), 'utf8') });

/** README and everything below `docs/`. */
export function pages(): readonly Page[] {
  const below = readdirSync(join(repositoryRoot, 'docs'), { recursive: true, encoding: 'utf8' });
  const names = below.filter((name) => name.endsWith('.md')).map((name) => join('docs', name));
  return ['README.md', ...names.sort()].map(pageAt);
}

const LINK = /\]\(([^()\s]+)\)/g;
const ELSEWHERE = /^(?:[a-z]+:|#)/;
/** A path in code type, such as `libs/checks/src/check.ts`; patterns and commands are something else. */
const SPELLED_PATH = /`((?:services|libs|deploy|helm|k8s|migrations|docs)\/[\w./@-]+)`/g;

/** Files and folders of the repository that a page links to or spells in code type, from the root. */
export function filesNamedIn({ path, text }: Page): readonly string[] {
  const linked = [...text.matchAll(LINK)].flatMap(([, target = '']) =>
    ELSEWHERE.test(target) ? [] : [relative('.', join(dirname(path), target.replace(/#.*$/, '')))],
  );
  return [...linked, ...[...text.matchAll(SPELLED_PATH)].map(([, target = '']) => target)];
}

/** The commands of a page's shell blocks, one per line, in order. */
export function commandsIn({ text }: Page): readonly string[] {
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
  return blocks.flatMap((block) => block.split('\n').filter((line) => line.trim() !== ''));
}

/** Commands of ours in running text: `npm …` in code type. */
export function commandsSpelledIn({ text }: Page): readonly string[] {
  return [...text.matchAll(/`(npm [^`\n]+)`/g)].map(([, command = '']) => command);
}

/** Subjects that the first column of a page's tables names: `auth.v1.key.create`, and what follows by its verb, `.list`. */
export function subjectsNamedIn({ text }: Page): ReadonlySet<string> {
  const named = new Set<string>();
  for (const [, cell = ''] of text.matchAll(/^\|([^|]*)\|/gm)) {
    let noun = '';
    for (const [, code = ''] of cell.matchAll(/`([^`]+)`/g)) {
      if (/^[a-z-]+\.v1\./.test(code)) noun = code.slice(0, code.lastIndexOf('.'));
      if (noun !== '' && /\.(?:[a-z-]+|\*)$/.test(code)) named.add(noun + code.slice(code.lastIndexOf('.')));
    }
  }
  return named;
}
