/** Test cases in the frameworks in wide use, found by how their headers are written and how far they are indented. */
import { blockEnds } from '../source/blocks.js';
import type { LexedLine } from '../source/lexer.js';
import type { Language } from '../source/language.js';

/** One test, or a suite of them. */
export interface TestCase {
  name: string;
  isSuite: boolean;
  /** Line of the header, 1-based; attributes above it belong to the case from `from` on. */
  header: number;
  from: number;
  last: number;
}

interface Header {
  languages: readonly Language[];
  /** Group `name`; group `suite` is there for suites. The keyword must stand in code, the name may be a string. */
  pattern: RegExp;
  /** The header is a test only below one of these attributes. */
  attribute?: RegExp;
}

const scripts: readonly Language[] = ['javascript', 'typescript', 'vue', 'dart', 'php', 'groovy'];
const jvm: readonly Language[] = ['java', 'kotlin', 'groovy', 'scala', 'csharp'];

const headers: readonly Header[] = [
  {
    languages: scripts,
    pattern:
      /(?<![.\w])[xf]?(?:(?<suite>describe|context|suite|group)|it|test|specify|testWidgets|bench)(?:\.(?:skip|only|todo|each|for|concurrent|sequential|serial|parallel|fails|failing|fixme|skipIf|runIf|if|shuffle|step|describe|configure)\b|<[^>]*>)*(?:\s*\([^'"`]*\))?\s*\(\s*(?<quote>['"`])(?<name>.*?)\k<quote>/,
  },
  { languages: scripts, pattern: /^\s*(?:it|test|describe)\.each\b(?<name>.*)/ },
  {
    languages: scripts,
    pattern: /\b(?:Deno\.test|QUnit\.test|tap\.test|t\.test)\s*\(\s*(?<quote>['"`])(?<name>.*?)\k<quote>/,
  },
  { languages: ['python'], pattern: /^\s*(?:async\s+)?def\s+(?<name>test\w*)\s*\(/ },
  { languages: ['python'], pattern: /^\s*(?<suite>class)\s+(?<name>Test\w*|\w+Tests?|\w+TestCase)\b/ },
  { languages: ['go'], pattern: /^func\s+(?<name>(?:Test|Fuzz|Example)\w*)\s*\(/ },
  { languages: ['go'], pattern: /\bt\.Run\(\s*"(?<name>[^"]*)"/ },
  {
    languages: ['rust'],
    pattern: /^\s*(?:pub\s+)?(?:async\s+)?fn\s+(?<name>\w+)/,
    attribute: /#\[\s*(?:\w+::)*(?:test|rstest|test_case|proptest|quickcheck|wasm_bindgen_test)\b/,
  },
  {
    languages: jvm,
    pattern: /\b(?<name>\w+|`[^`]+`)\s*\(/,
    attribute:
      /@(?:Test|ParameterizedTest|RepeatedTest|TestFactory|TestTemplate|Property)\b|\[\s*(?:Fact|Theory|Test|TestCase|TestMethod|DataTestMethod)\b/,
  },
  { languages: ['java', 'kotlin'], pattern: /\bvoid\s+(?<name>test[A-Z]\w*)\s*\(/ },
  { languages: ['php', 'swift'], pattern: /\bfunc(?:tion)?\s+(?<name>test\w*)\s*\(/ },
  {
    languages: ['ruby', 'elixir'],
    pattern:
      /^\s*[xf]?(?:(?<suite>describe|context|feature)|it|test|specify|scenario|example)\b\s*\(?\s*(?<quote>['"])(?<name>.*?)\k<quote>/,
  },
  { languages: ['ruby'], pattern: /^\s*def\s+(?<name>test_\w+)/ },
  { languages: ['shell'], pattern: /^\s*@test\s+(?<quote>['"])(?<name>.*?)\k<quote>/ },
  { languages: ['shell'], pattern: /^\s*(?:function\s+)?(?<name>test\w*)\s*\(\)/ },
  {
    languages: ['c', 'cpp'],
    pattern: /\b(?:TEST(?:_F|_P)?|TYPED_TEST|START_TEST|BOOST_\w*TEST_CASE|TEST_CASE|SCENARIO)\s*\(\s*(?<name>[^)]*)/,
  },
  { languages: ['scala'], pattern: /\btest\s*\(\s*"(?<name>[^"]*)"|"(?<subject>[^"]*)"\s+(?:should|must|in)\b/ },
];

const attributeLine = /^\s*(@|#\[|\[[A-Z])/;

/** Every case and suite of a text, in order. */
export function testCases(lines: readonly LexedLine[], language: Language | undefined): TestCase[] {
  if (!language) return [];
  const mine = headers.filter(({ languages }) => languages.includes(language));
  const found = lines.flatMap((_, at) => headerOn(lines, at, mine) ?? []);
  const ends = blockEnds(lines, new Set(found.map(({ header }) => header - 1)));
  return found.map((one) => ({ ...one, last: (ends.get(one.header - 1) ?? one.header - 1) + 1 }));
}

function headerOn(
  lines: readonly LexedLine[],
  at: number,
  mine: readonly Header[],
): Omit<TestCase, 'last'> | undefined {
  const line = lines[at];
  for (const { pattern, attribute } of mine) {
    const match = pattern.exec(line?.text ?? '');
    if (!match || !line?.code[match.index + (/^\s*/.exec(match[0])?.[0].length ?? 0)]?.trim()) continue;
    const from = attributesFrom(lines, at);
    if (attribute && !lines.slice(from, at + 1).some(({ code }) => attribute.test(code))) continue;
    const name = (match.groups?.['name'] ?? match.groups?.['subject'] ?? '').trim();
    return { name, isSuite: match.groups?.['suite'] !== undefined, header: at + 1, from: from + 1 };
  }
  return undefined;
}

const maxAttributeLines = 200;

/** The first of the attributes, decorators or annotations that stand right above a header. */
function attributesFrom(lines: readonly LexedLine[], header: number): number {
  let from = header;
  const floor = Math.max(0, header - maxAttributeLines);
  while (from > floor && (attributeLine.test(lines[from - 1]?.code ?? '') || lines[from - 1]?.comment.trim())) from--;
  return from;
}
