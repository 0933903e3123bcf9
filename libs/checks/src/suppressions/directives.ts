/** Comments, attributes and annotations that tell a tool to look away, for the tools in wide use. */
import type { Language } from '../source/language.js';

/** One kind of directive. */
export interface Directive {
  rule: string;
  /** Empty = any language. */
  languages: readonly Language[];
  where: 'comment' | 'code';
  /** Group `names`: the rules it silences, group `reason`: what the author says about it; both may be missing. */
  pattern: RegExp;
  /** It silences everything, or a whole file: no reason makes that narrow. */
  blanket?: boolean;
}

const scripts: readonly Language[] = ['javascript', 'typescript', 'vue'];
const names = '(?<names>[\\w@/.,: -]*?)';
const comment = (rule: string, languages: readonly Language[], pattern: RegExp, blanket = false): Directive => ({
  rule,
  languages,
  where: 'comment',
  pattern,
  ...(blanket ? { blanket } : {}),
});
const code = (rule: string, languages: readonly Language[], pattern: RegExp): Directive => ({
  rule,
  languages,
  where: 'code',
  pattern,
});

export const directives: readonly Directive[] = [
  comment(
    'eslint-disable',
    [...scripts, 'css'],
    new RegExp(
      `(?:eslint|oxlint|stylelint|tslint)[-:]disable(?!-(?:next-)?line)\\b${names}\\s*(?:--(?<reason>.*?))?(?:\\*/|$)`,
    ),
  ),
  comment(
    'eslint-disable-line',
    [...scripts, 'css'],
    new RegExp(
      `(?:eslint|oxlint|stylelint|tslint)[-:]disable-(?:next-)?line\\b${names}\\s*(?:--(?<reason>.*?))?(?:\\*/|$)`,
    ),
  ),
  comment(
    'biome-ignore',
    [...scripts, 'css', 'json'],
    /biome-ignore(?:-all)?\s+(?<names>[\w/]+)(?:\([^)]*\))?\s*:?\s*(?<reason>.*?)(?:\*\/|$)/,
  ),
  comment('deno-lint-ignore', scripts, new RegExp(`deno-lint-ignore(?:-file)?\\b${names}\\s*(?:--(?<reason>.*))?$`)),
  comment('ts-nocheck', scripts, /@ts-nocheck\b(?<reason>.*)/, true),
  comment('ts-ignore', scripts, /@ts-(?:ignore|expect-error)(?<names>\b)\s*:?-*\s*(?<reason>.*?)(?:\*\/|$)/),
  comment('flow-ignore', scripts, /\$Flow(?:FixMe|Ignore|ExpectedError)(?<names>\[[\w-]+\])?\s*(?<reason>.*)/),
  comment(
    'coverage-ignore',
    scripts,
    /(?:istanbul|c8|v8|node:coverage)\s+(?:ignore|disable)\s*(?<names>file|next|if|else|start|stop)?(?:\s+\d+)?\s*(?:--)?(?<reason>.*?)(?:\*\/|$)/,
  ),
  comment('noqa', ['python', 'sql'], /\bnoqa\b(?::\s*(?<names>[A-Z]+\d+(?:[\s,]+[A-Z]+\d+)*))?(?<reason>.*)/i),
  comment(
    'type-ignore',
    ['python'],
    /(?:\btype|pyright|mypy|ty|pyre):\s*(?:ignore-errors|ignore|fixme)(?:\[(?<names>[\w, -]*)\])?(?<reason>.*)/,
  ),
  comment(
    'pylint-disable',
    ['python'],
    /pylint:\s*(?:disable(?:-next)?|skip-file)(?:=(?<names>[\w, -]+))?(?<reason>.*)/,
  ),
  comment('coverage-ignore', ['python'], /pragma:\s*no\s*(?:cover|branch)(?<names>)\b(?<reason>.*)/i),
  comment('nosec', [], /(?:#|\/\/|\/\*|<!--)\s*nosec\b(?:[\s:]+(?<names>[BG]\d{3}(?:[\s,]+[BG]\d{3})*))?(?<reason>.*)/),
  comment(
    'scanner-ignore',
    [],
    /\b(?:NOSONAR|nosemgrep|lgtm\s*\[|codeql\s*\[|gitleaks:allow|allowlist secret|trivy:ignore|tfsec:ignore|checkov:skip|zizmor:\s*ignore|hadolint\s+ignore|kics-scan\s+ignore)(?<names>[\w:=.,[\]-]*)(?<reason>.*)/i,
  ),
  comment('nolint', ['go'], /\/\/\s*nolint(?::(?<names>[\w, -]+?))?\s*(?:\/\/(?<reason>.*))?$/),
  comment('nolint', ['go'], /\/\/lint:(?:ignore|file-ignore)\s+(?<names>[\w,]+)\s*(?<reason>.*)/),
  comment('nolint', ['c', 'cpp'], /\bNOLINT(?:NEXTLINE|BEGIN)?\b(?:\((?<names>[\w.,* -]+)\))?(?<reason>.*)/),
  code(
    'diagnostic-off',
    ['c', 'cpp'],
    /#\s*pragma\s+(?:(?:GCC|clang)\s+diagnostic\s+ignored|warning\s*\(\s*disable)(?<names>.*)/,
  ),
  code(
    'allow',
    ['rust'],
    /#!?\[\s*(?:cfg_attr\([^,]*,\s*)?(?:allow|expect)\s*\((?<names>[\w:, ]+?)(?:,\s*reason\s*=(?<reason>.*?))?\)/,
  ),
  code('coverage-ignore', ['rust'], /#!?\[\s*(?:coverage\s*\(\s*off\s*\)|no_coverage)/),
  code(
    'suppress-warnings',
    ['java', 'kotlin', 'groovy', 'scala'],
    /@(?:file:)?Suppress(?:Warnings|FBWarnings|Lint)?\b|@nowarn\b/,
  ),
  comment(
    'checkstyle-off',
    ['java', 'kotlin'],
    /\b(?:CHECKSTYLE[.:]?OFF|NOPMD|noinspection|ktlint-disable)(?<names>[\w:, -]*)/,
  ),
  code(
    'suppress-warnings',
    ['csharp'],
    /#pragma\s+warning\s+disable(?<names>[\w, ]*)|\[\s*(?:assembly:\s*)?SuppressMessage\b/,
  ),
  comment('rubocop-disable', ['ruby'], /rubocop:(?:disable|todo)\s+(?<names>[\w/, ]+?)\s*(?:--(?<reason>.*))?$/),
  comment('coverage-ignore', ['ruby'], /:nocov:(?<names>)/),
  comment(
    'phpstan-ignore',
    ['php'],
    /(?:@phpstan-ignore(?:-next-line|-line)?|@psalm-suppress|phpcs:(?:ignore|disable)|@codingStandardsIgnore\w*|@codeCoverageIgnore\w*)\s*(?<names>[\w.,]*)(?<reason>.*)/,
  ),
  comment('swiftlint-disable', ['swift'], /swiftlint:disable(?::\w+)?\s+(?<names>[\w ]+?)\s*(?:-+(?<reason>.*))?$/),
  comment('shellcheck-disable', ['shell'], /shellcheck\s+disable=(?<names>SC\d+(?:,SC\d+)*)\s*(?<reason>.*)/),
  comment('dart-ignore', ['dart'], /\bignore(?:_for_file)?:\s*(?<names>\w+(?:,\s*\w+)*)(?<reason>.*)/),
  comment('credo-disable', ['elixir'], /credo:disable-for-\S+\s*(?<names>[\w.]*)(?<reason>.*)/),
  comment('no-critic', ['perl'], /##\s*no\s+critic\s*(?:\((?<names>[\w:, ]+)\))?(?<reason>.*)/),
];

/** Rules about looks alone, and what Java's erased generics force on everybody: silencing one of them hides no fault. */
export const isStyleRule = (names: string): boolean =>
  names.trim() !== '' &&
  names
    .split(/[\s,]+/)
    .filter(Boolean)
    .every((name) =>
      /^(E[1-3]\d\d|E402|E501|E70\d|E741|W[1-6]\d\d|N8\d\d|D[1-4]\d\d|Q00\d|PERF\d+|UP\d+|SIM\d+|PLR\d+|PLW2901|I001|COM8\d\d|camelcase|prettier\/prettier|@typescript-eslint\/naming-convention|import\/(?:order|first)|non_(?:camel_case_types|snake_case|upper_case_globals)|missing_docs|max-len|lll|line-too-long|SC1091|unchecked|rawtypes|serial|UNCHECKED_CAST|clippy::(pedantic|style)\S*|Layout\/\S+|Style\/\S+|@?\w*\/?(indent|quotes|semi|max-len))$/.test(
        name,
      ),
    );
