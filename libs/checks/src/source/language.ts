/** Languages by file name, and as much of their lexical syntax as it takes to tell code, comments and strings apart. */
import { isDocumentation, isGenerated, isTestFile, nameOf } from './file-kind.js';

/** How a string ends and whether it may run over lines; `escapes` = a backslash hides the next character. */
export interface StringSyntax {
  open: string;
  close: string;
  multiline: boolean;
  escapes: boolean;
}

/** The lexical surface of a language. */
export interface Syntax {
  lineComments: readonly string[];
  blockComments: readonly (readonly [open: string, close: string])[];
  strings: readonly StringSyntax[];
  /** `'` opens a single character (C, Java, Go, Rust lifetimes), not a string. */
  characters: boolean;
  /** A `/` in operand position opens a regular expression. */
  regex: boolean;
  /** A line comment needs white space or a line start before it. */
  spacedComments: boolean;
}

const text = (open: string, options: Partial<StringSyntax> = {}): StringSyntax => ({
  open,
  close: open,
  multiline: false,
  escapes: true,
  ...options,
});
const base: Syntax = {
  lineComments: [],
  blockComments: [],
  strings: [],
  characters: false,
  regex: false,
  spacedComments: false,
};
const slashes: Syntax = { ...base, lineComments: ['//'], blockComments: [['/*', '*/']], strings: [text('"')] };
const cLike: Syntax = { ...slashes, characters: true };
const tripled = [text('"""', { multiline: true }), text("'''", { multiline: true })];
const hashes: Syntax = { ...base, lineComments: ['#'], strings: [text('"'), text("'")] };
const script: Syntax = {
  ...slashes,
  blockComments: [
    ['/*', '*/'],
    ['<!--', '-->'],
  ],
  strings: [text('"'), text("'"), text('`', { multiline: true })],
  regex: true,
};
const shell: Syntax = { ...hashes, strings: [text('"'), text("'", { escapes: false })], spacedComments: true };

const syntaxes = {
  javascript: script,
  typescript: script,
  vue: script,
  python: { ...hashes, strings: [...tripled, ...hashes.strings] },
  go: { ...cLike, strings: [text('"'), text('`', { multiline: true, escapes: false })] },
  rust: {
    ...cLike,
    strings: [
      text('r##"', { close: '"##', multiline: true, escapes: false }),
      text('r#"', { close: '"#', multiline: true, escapes: false }),
      text('"', { multiline: true }),
    ],
  },
  java: { ...cLike, strings: [text('"""', { multiline: true }), text('"')] },
  kotlin: { ...cLike, strings: [text('"""', { multiline: true, escapes: false }), text('"')] },
  scala: { ...cLike, strings: [text('"""', { multiline: true, escapes: false }), text('"')] },
  groovy: { ...slashes, strings: [...tripled, text('"'), text("'")] },
  csharp: { ...cLike, strings: [text('"""', { multiline: true, escapes: false }), text('"')] },
  c: cLike,
  cpp: cLike,
  swift: { ...slashes, strings: [text('"""', { multiline: true }), text('"')] },
  dart: { ...slashes, strings: [...tripled, text('"'), text("'")] },
  php: { ...slashes, lineComments: ['//', '#'], strings: [text('"'), text("'")] },
  ruby: hashes,
  elixir: { ...hashes, strings: [text('"""', { multiline: true }), text('"')] },
  perl: { ...hashes, spacedComments: true },
  r: hashes,
  julia: { ...hashes, strings: [text('"""', { multiline: true }), text('"')] },
  shell,
  powershell: { ...shell, blockComments: [['<#', '#>']] },
  dockerfile: shell,
  make: { ...shell, strings: [] },
  yaml: shell,
  toml: { ...hashes, strings: [...tripled, ...hashes.strings] },
  ini: { ...base, lineComments: ['#', ';'], spacedComments: true },
  hcl: { ...slashes, lineComments: ['#', '//'] },
  json: slashes,
  sql: { ...base, lineComments: ['--'], blockComments: [['/*', '*/']], strings: [text("'", { escapes: false })] },
  lua: { ...base, lineComments: ['--'], blockComments: [['--[[', ']]']], strings: [text('"'), text("'")] },
  haskell: { ...base, lineComments: ['--'], blockComments: [['{-', '-}']], strings: [text('"')] },
  css: { ...base, blockComments: [['/*', '*/']], strings: [text('"'), text("'")] },
  markup: { ...base, blockComments: [['<!--', '-->']] },
} as const satisfies Record<string, Syntax>;

export type Language = keyof typeof syntaxes;

const extensions: Record<string, Language> = {
  ...spread('javascript', 'js jsx mjs cjs'),
  ...spread('typescript', 'ts tsx mts cts'),
  ...spread('vue', 'vue svelte astro'),
  ...spread('python', 'py pyi pyx bzl'),
  ...spread('go', 'go'),
  ...spread('rust', 'rs'),
  ...spread('java', 'java'),
  ...spread('kotlin', 'kt kts'),
  ...spread('scala', 'scala sc'),
  ...spread('groovy', 'groovy gradle'),
  ...spread('csharp', 'cs fs'),
  ...spread('c', 'c h m'),
  ...spread('cpp', 'cc cpp cxx hpp hh hxx cu mm proto'),
  ...spread('swift', 'swift'),
  ...spread('dart', 'dart'),
  ...spread('php', 'php'),
  ...spread('ruby', 'rb rake gemspec'),
  ...spread('elixir', 'ex exs'),
  ...spread('perl', 'pl pm'),
  ...spread('r', 'r'),
  ...spread('julia', 'jl'),
  ...spread('shell', 'sh bash zsh bats fish'),
  ...spread('powershell', 'ps1 psm1'),
  ...spread('make', 'mk'),
  ...spread('yaml', 'yml yaml'),
  ...spread('toml', 'toml'),
  ...spread('ini', 'ini cfg conf properties env editorconfig'),
  ...spread('hcl', 'tf hcl'),
  ...spread('json', 'json jsonc json5'),
  ...spread('sql', 'sql'),
  ...spread('lua', 'lua'),
  ...spread('haskell', 'hs elm'),
  ...spread('css', 'css scss less'),
  ...spread('markup', 'html htm xml svg xhtml csproj'),
};

const names: Record<string, Language> = {
  Dockerfile: 'dockerfile',
  Containerfile: 'dockerfile',
  Makefile: 'make',
  GNUmakefile: 'make',
  justfile: 'make',
  Rakefile: 'ruby',
  Gemfile: 'ruby',
  Jenkinsfile: 'groovy',
  Pipfile: 'toml',
  '.env': 'ini',
  '.npmrc': 'ini',
  '.coveragerc': 'ini',
};

const programming = new Set<Language>(
  Object.keys(syntaxes).filter(
    (name): name is Language => !['yaml', 'toml', 'ini', 'json', 'css', 'markup', 'make', 'dockerfile'].includes(name),
  ),
);

function spread(language: Language, list: string): Record<string, Language> {
  return Object.fromEntries(list.split(' ').map((extension) => [extension, language]));
}

/** The language a file is written in, by its name; nothing for prose and unknown formats. */
export function languageOf(path: string): Language | undefined {
  const name = nameOf(path);
  if (/^Dockerfile\b|\.Dockerfile$/.test(name)) return 'dockerfile';
  if (/^\.env(\.|$)/.test(name)) return 'ini';
  if (/^\.(husky|githooks)\//.test(path) && !name.includes('.')) return 'shell';
  return names[name] ?? extensions[name.slice(name.lastIndexOf('.') + 1).toLowerCase()];
}

/** Whether programs are written in it, as opposed to data, markup and build files. */
export const isProgramming = (language: Language | undefined): boolean =>
  language !== undefined && programming.has(language);

/** The lexical syntax of a language. */
export const syntaxOf = (language: Language): Syntax => syntaxes[language];

/** A source file of the product itself: a programming language, written by hand, and no test. */
export const isCodeFile = (path: string): boolean =>
  isProgramming(languageOf(path)) && !isTestFile(path) && !isGenerated(path) && !isDocumentation(path);
