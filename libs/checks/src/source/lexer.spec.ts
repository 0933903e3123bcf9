import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Language, languageOf } from './language.js';
import { lex, maxLineLength } from './lexer.js';

/** Code and comments of a text, with what each view hides squeezed to one blank. */
const views = (text: string, language: Language): [string, string][] =>
  lex(text, language).map(({ code, comment }) => [code.replace(/\s+/g, ' ').trim(), comment.trim()]);

describe('lex', () => {
  it.each<[Language, string, [string, string][]]>([
    ['typescript', `const a = 'x // y'; // real`, [["const a = ' ';", '// real']]],
    ['typescript', 'const t = `a ${b ? `// ${c}` : 1} /* d`; e();', [['const t = ` ${b ? ` ${c}` : 1} `; e();', '']]],
    ['typescript', `const r = /['"\\/]/.test(a); // q`, [['const r = / .test(a);', '// q']]],
    ['typescript', 'a /* one', [['a', '/* one']]],
    ['typescript', 'x = a / b; // half', [['x = a / b;', '// half']]],
    ['python', `s = f'# {x}'  # why`, [["s = f' '", '# why']]],
    [
      'python',
      `"""doc\n# not a comment\n"""\nx = 1`,
      [
        ['"""', ''],
        ['', ''],
        ['"""', ''],
        ['x = 1', ''],
      ],
    ],
    ['rust', `fn f<'a>(x: &'a str) { let c = '"'; } // end`, [[`fn f<'a>(x: &'a str) { let c = ' '; }`, '// end']]],
    [
      'go',
      'var s = `// raw\n"still raw`; b()',
      [
        ['var s = `', ''],
        ['`; b()', ''],
      ],
    ],
    ['shell', `echo "a # b" # c`, [['echo " "', '# c']]],
    ['shell', 'echo ${#list} a#b', [['echo ${#list} a#b', '']]],
    ['yaml', `name: don't # stop`, [["name: don't", '# stop']]],
    ['sql', `select 'it''s' -- note`, [["select ' '' '", '-- note']]],
    ['markup', '<p>a <!-- b --> c', [['<p>a c', '<!-- b -->']]],
  ])('tells code from comments in %s', (language, text, expected) => {
    expect(views(text, language)).toEqual(expected);
  });

  it('keeps every column where it was', () => {
    const text = fc.array(
      fc.constantFrom('a', ' ', '"', "'", '`', '/', '*', '#', '${', '}', '\\', '\n', '"""', '--', '<!--', '-->'),
      { maxLength: 60 },
    );
    const language = fc.constantFrom<Language>(
      'typescript',
      'python',
      'rust',
      'go',
      'shell',
      'sql',
      'markup',
      'php',
      'ruby',
    );
    fc.assert(
      fc.property(text, language, (parts, name) => {
        for (const line of lex(parts.join(''), name)) {
          expect([line.code.length, line.comment.length]).toEqual([line.text.length, line.text.length]);
          for (const view of [line.code, line.comment]) {
            for (let at = 0; at < view.length; at++) expect([' ', line.text[at]]).toContain(view[at]);
          }
        }
      }),
    );
  });

  it('reads a long line up to its bound', () => {
    expect(lex('x'.repeat(maxLineLength + 5), 'go')[0]?.text).toHaveLength(maxLineLength);
  });
});

describe('languageOf', () => {
  it.each([
    ['src/a.test.tsx', 'typescript'],
    ['Dockerfile.prod', 'dockerfile'],
    ['.env.local', 'ini'],
    ['.husky/pre-commit', 'shell'],
    ['lib/x.rb', 'ruby'],
    ['README.md', undefined],
    ['LICENSE', undefined],
  ])('knows %s', (path, language) => {
    expect(languageOf(path)).toBe(language);
  });
});
