/**
 * Reading the pages that answer requirements: tables whose rows have a status and name tests, as a link to a file, `›`,
 * and a title of a test there or a part of it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { repositoryRoot } from '../paths.js';
import type { Page } from './pages.js';

export const statuses = ['met', 'partly', 'not met', 'not applicable'] as const;

export interface NamedTest {
  /** From the repository's root. */
  readonly path: string;
  readonly title: string;
}

export interface ControlRow {
  readonly cells: readonly string[];
  readonly status: string;
  readonly answer: string;
  readonly tests: readonly NamedTest[];
  /** Whether anything is linked to: a test, or a page or file that can be read. */
  readonly isShown: boolean;
}

const NAMED_TEST = /\[[^\]]+\]\(([^()\s]+)\) › (.+)/;

/** The rows of every table of a page; each ends with status, answer and what shows it. */
export const rowsOf = (page: Page): readonly ControlRow[] =>
  page.text
    .split('\n')
    .filter((line) => /^\| [\dCA(]/.test(line))
    .map((line) => {
      const cells = line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim());
      const [status = '', answer = '', shown = ''] = cells.slice(-3);
      return { cells, status, answer, tests: testsIn(shown), isShown: shown !== '' };
    });

const testsIn = (shown: string): readonly NamedTest[] =>
  shown.split('<br>').flatMap((one) => {
    const [, target, title] = NAMED_TEST.exec(one) ?? [];
    return target && title ? [{ path: relative('.', join('docs/security', target)), title }] : [];
  });

/** What tests, groups of them and their cases are called: the first text of a call or of a row of cases. */
const TITLE = /(?:(?:\b(?:it|test|describe)[\w.]*|\))\s*\(|\[)\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g;

/** Whether the file has a test, or a case of one, that is called so. */
export function hasTest({ path, title }: NamedTest): boolean {
  const file = join(repositoryRoot, path);
  if (!existsSync(file)) return false;
  const titles = [...readFileSync(file, 'utf8').matchAll(TITLE)].map(([, , text = '']) => text.replaceAll("\\'", "'"));
  return titles.some((text) => text.includes(title));
}
