/** Warnings silenced instead of mended: linter, type checker, scanner and coverage directives, and empty handlers. */
import { canonicalFindings, type Check, type Finding, type Severity } from '../check.js';
import { isDocumentation, isFixture, isGenerated, isTestFile, nameOf } from '../source/file-kind.js';
import {
  addedLines,
  type FileView,
  net,
  removedLines,
  squeezed,
  textFiles,
  type TouchedLine,
} from '../source/introduced.js';
import { languageOf } from '../source/language.js';
import { directives, isStyleRule } from './directives.js';
import { type EmptyCatch, emptyCatches } from './empty-catch.js';

interface Suppression extends Finding {
  signature: string;
}

export const suppressions: Check = {
  id: 'suppressions',
  version: '1.0.0',
  family: 'conclave',
  title: 'Suppressions',
  description:
    'Finds added directives that silence linters, type checkers, scanners and coverage, and handlers that swallow errors. One that names its rule and says why is a warning.',
  limits:
    'Knows the directives of common tools by their spelling. Configuration files that switch rules off are not judged, nor is whether a stated reason is true. In tests everything is a warning and @ts-expect-error passes.',
  reads: ({ path, status }) => status !== 'deleted' && isJudged(path),
  run(change) {
    const views = textFiles(change, isJudged);
    if (!views.some((view) => view.file.hunks.some((hunk) => hunk.newLines + hunk.oldLines > 0))) {
      return { applies: false, reason: 'the change touches no code' };
    }
    const added = views.flatMap((view) => addedLines(view).flatMap(suppressionsOf));
    const removed = views.flatMap((view) => removedLines(view).flatMap(suppressionsOf));
    const handlers = net(
      views.flatMap((view) => handlersOf(view, view.after, true)),
      views.flatMap((view) => handlersOf(view, view.before, false)),
    );
    const found = [...net(added, removed).added, ...handlers.added.filter(({ touched }) => touched)];
    return {
      applies: true,
      findings: canonicalFindings(
        found.map(({ path, line, rule, severity, message }) => ({
          path,
          line,
          rule,
          severity: softened(path, severity),
          message,
        })),
      ),
    };
  },
};

const isJudged = (path: string): boolean =>
  !isGenerated(path) && !isDocumentation(path) && !isFixture(path) && languageOf(path) !== undefined;

const softened = (path: string, severity: Severity): Severity =>
  severity === 'error' && isTestFile(path) ? 'warning' : severity;

function suppressionsOf(line: TouchedLine): Suppression[] {
  const { view } = line;
  const hasComment = line.comment.trim() !== '';
  return directives.flatMap(({ rule, languages, where, pattern, blanket }) => {
    if (where === 'comment' && !hasComment) return [];
    if (languages.length && !(view.language && languages.includes(view.language))) return [];
    const match = pattern.exec(line[where]);
    if (!match || (rule === 'ts-ignore' && isTestFile(view.path) && match[0].includes('expect-error'))) return [];
    const groups = (where === 'code' && pattern.exec(line.text.slice(match.index))?.groups) || match.groups;
    const named = namesOf(match, line, where);
    const reasoned =
      saysWhy(groups?.['reason'] ?? '') || (where === 'code' && saysWhy(line.comment)) || isExplainedAbove(line);
    return [
      {
        path: view.path,
        line: line.line,
        rule,
        severity: isIdiom(rule, named, line) ? 'info' : severityOf({ blanket: blanket ?? false, named, reasoned }),
        message: messageOf(squeezed(where === 'code' ? line.text : match[0]), {
          blanket: blanket ?? false,
          named,
          reasoned,
        }),
        signature: `${rule} ${named}`,
      },
    ];
  });
}

/** What everybody silences: names a module hands on, types nobody wrote, lines that no test run reaches by their nature. */
function isIdiom(rule: string, named: string, { view, code }: TouchedLine): boolean {
  if (rule === 'noqa') {
    const handsOn = named ? /^(?:F40[13][\s,]*)+$/.test(named) : nameOf(view.path) === '__init__.py';
    return handsOn && /^\s*(?:from|import)\b/.test(code);
  }
  if (rule === 'type-ignore')
    return /^(?:(?:import(?:-\w+)*|no-any-return|type-arg|no-untyped-\w+)[\s,]*)+$/.test(named);
  return (
    rule === 'coverage-ignore' &&
    view.language === 'python' &&
    /^\s*(?:if\s+(?:\w+\.)?TYPE_CHECKING\b|if\s+__name__\s*==|@(?:\w+\.)?(?:overload|abstractmethod)\b|raise\s+NotImplementedError\b|\.\.\.)/.test(
      code,
    )
  );
}

/** Rule names; an annotation keeps them between quotes, so they are read from the raw text. */
function namesOf(match: RegExpExecArray, line: TouchedLine, where: 'comment' | 'code'): string {
  const groups = match.groups;
  if (groups && 'names' in groups) return squeezed(groups['names'] ?? '') || (groups['names'] === '' ? 'rule' : '');
  if (where === 'comment') return '';
  const text = line.text.slice(match.index);
  return /["']([^"']*)["']|\b(CS\d+)/.exec(text)?.slice(1).find(Boolean) ?? '';
}

const saysWhy = (text: string): boolean => (text.match(/\p{L}{2,}/gu) ?? []).length >= 2;

/** A plain comment on the line above belongs to the directive; a documentation comment belongs to the code. */
function isExplainedAbove({ view, number, text }: TouchedLine): boolean {
  const side = view.after[number - 1]?.text === text ? view.after : view.before;
  const above = side[number - 2];
  if (!above || above.code.trim() || /^\s*(\/\*\*|\*|\/\/\/|#!)/.test(above.text)) return false;
  return saysWhy(above.comment) && !directives.some(({ pattern }) => pattern.test(above.comment));
}

interface Judged {
  blanket: boolean;
  named: string;
  reasoned: boolean;
}

function severityOf({ blanket, named, reasoned }: Judged): Severity {
  if (blanket || named === '' || /^(all|warnings|unused|\*)$/i.test(named))
    return blanket || !reasoned ? 'error' : 'warning';
  if (isStyleRule(named)) return 'info';
  return reasoned ? 'warning' : 'error';
}

function messageOf(text: string, { blanket, named, reasoned }: Judged): string {
  const shown = text.length > 80 ? `${[...text].slice(0, 77).join('')}…` : text;
  if (reasoned && !blanket) return `"${shown}" silences a warning; judge the reason it gives`;
  const missing = named ? 'say why' : 'name the rule and say why';
  return `"${shown}" silences a warning instead of mending it: mend it, or ${missing}`;
}

interface Handler extends Suppression {
  touched: boolean;
}

function handlersOf(view: FileView, lines: FileView['after'], isHead: boolean): Handler[] {
  return emptyCatches(lines, view.language).map((handler) => ({
    path: view.path,
    line: handler.first,
    rule: 'empty-catch',
    severity: 'error',
    message: 'the error is caught and forgotten: handle it, let it pass, or say in a comment why it may be lost',
    signature: handler.signature,
    touched: isHead && isTouched(view, handler),
  }));
}

/** A hunk added one of its lines, or took away what stood between them. */
const isTouched = (view: FileView, { first, last }: EmptyCatch): boolean =>
  view.file.hunks.some(({ newStart, newLines }) =>
    newLines ? newStart <= last && newStart + newLines > first : newStart >= first && newStart < last,
  );
