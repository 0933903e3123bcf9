/** What makes a test fail: assertion calls, statements and macros, by language. */
import type { Language } from '../source/language.js';
import type { LexedLine } from '../source/lexer.js';

const scripts: readonly Language[] = ['javascript', 'typescript', 'vue'];
const call = /\b(?:expect|assert|should|verify|ensure|must)\w*(?:\.\w+)*\s*[(!<]|\.should\b/i;
const byLanguage: Partial<Record<Language, RegExp>> = {
  ...Object.fromEntries(
    scripts.map((script) => [
      script,
      /\b(?:expect|assert|verify)\w*(?:\.\w+)*\s*[(<]|\.should\b|\bt\.(?:is|not|deepEqual|true|false|truthy|falsy|throws\w*|like|regex|snapshot|equal|same|ok)\s*\(/i,
    ]),
  ),
  python: /^\s*assert\b|\b(?:self\.)?(?:assert|expect|verify)\w*\s*\(|\bpytest\.(?:raises|warns|fail)\b/i,
  go: /\b(?:t|b|tb)\.(?:Error|Errorf|Fatal|Fatalf|Fail|FailNow)\s*\(|\b(?:assert|require|is|qt|must)\.\w+\s*\(|\b(?:assert|expect|verify|check)\w+\s*\(/i,
  rust: /\b(?:debug_)?assert\w*!|\bpanic!|\.expect_err\s*\(|#\[should_panic|\b(?:assert|expect|verify|check)_\w+\s*\(/,
  shell: /^\s*(?:run\s+)?(?:assert|refute)\w*\b|^\s*\[\[?\s|^\s*test\s/,
  c: /\b(?:ASSERT|EXPECT|CHECK|REQUIRE|ck_assert|assert)\w*\s*\(/,
  cpp: /\b(?:ASSERT|EXPECT|CHECK|REQUIRE|BOOST_(?:CHECK|REQUIRE|TEST)|assert)\w*\s*\(/,
  swift: /\bXCT(?:Assert|Fail|Unwrap)\w*\s*\(|#(?:expect|require)\s*\(/,
};
const always = [
  /\b(?:expect|assert\w*)\s*[(!(]+\s*(true|false|1|0|null|None)\s*\)\s*(?:\.\w+)*\.(?:toBe|toEqual|toStrictEqual|eq|equal)\(\s*\1\s*\)/i,
  /^\s*assert\s+(?:True|1|not\s+False)\b\s*(?:,|$)/,
  /\bassert(?:True|That)?!?\s*\(\s*(?:true|1\s*==\s*1)\s*\)/i,
  /\bassert\w*!?\s*\(\s*(?:t,\s*)?(\w+|"[^"]*")\s*,\s*\1\s*\)/i,
  /\bexpect\(\s*(\d+|'[^']*'|"[^"]*")\s*\)\.(?:toBe|toEqual)\(\s*\1\s*\)/,
];
const strict =
  /\.to(?:Be|Equal|StrictEqual|Throw|HaveBeenCalledWith|HaveLength)\(\s*\S|\b(?:strict|deep)?Equals?\s*\(|assert_?eq\w*\b|_eq!|\bassertEquals?\b|EXPECT_EQ|ASSERT_EQ|==/i;
const loose =
  /toBeTruthy|toBeDefined|not\.toBeNull|not\.toBeUndefined|not\.toThrow|toBeInstanceOf|toHaveBeenCalled\(\s*\)|\bassertTrue\b|assertIsNotNone|assertNotNull|is not None|\.NotNil\(|assert\.ok\b|\.to\.exist\b|\.to\.be\.ok\b|be_truthy|expect\.anything/;

/** Whether a line asserts something. */
export const isAssertion = (line: LexedLine, language: Language | undefined): boolean =>
  ((language && byLanguage[language]) ?? call).test(line.code);

/** An assertion that holds whatever the product does. */
export const isTrivial = (line: LexedLine): boolean => always.some((pattern) => pattern.test(line.text));

const whole =
  /\.to(?:Equal|StrictEqual|MatchObject|Match(?:Inline)?Snapshot)\(|\bdeep(?:Strict)?Equal\s*\(|\.(?:deep|eql)\b|\bassert_eq!|\b(?:assert|require)\.Equal\w*\s*\(|\bDeepEqual\s*\(|\bcmp\.Diff\s*\(|\bassert(?:Dict)?Equals?\s*\(|\.isEqualTo\s*\(|^\s*assert\s.*[^=!<>]==|\bEXPECT_EQ\s*\(|\bASSERT_EQ\s*\(/;
const wholeArgument =
  /(?<=[(,&]\s*|\bassert\s+|==\s*|\bawait\s+)(?!(?:t|b|tb|self|this)\b)[A-Za-z_$][\w$]*(?:\.\w+)*(?=\s*(?:[),]|==|$))/g;

export const comparesWhole = ({ code }: LexedLine): boolean => whole.test(code);

/** The values that a line compares as a whole, member by member. */
export const comparedWhole = ({ code }: LexedLine): string[] =>
  whole.test(code) ? (code.match(wholeArgument) ?? []) : [];

/** Whether a line asserts of a member or an item of a value. */
export function isPartOf({ code }: LexedLine, subject: string): boolean {
  for (let at = code.indexOf(subject); at >= 0; at = code.indexOf(subject, at + 1)) {
    if (!/[\w$.]/.test(code[at - 1] ?? '') && /^(?:[.[]|\?\.|!\.|->)/.test(code.slice(at + subject.length)))
      return true;
  }
  return false;
}

/** Compares with a value, or only asks that something be there; anything else is neither. */
export function strengthOf(line: LexedLine): 'strict' | 'loose' | 'other' {
  if (loose.test(line.code)) return 'loose';
  return strict.test(line.text) ? 'strict' : 'other';
}

/** One body that stands for many cases: a table, a loop, a parameter source. */
export const isTabular = (lines: readonly LexedLine[]): boolean =>
  lines.some(({ code }) =>
    /\.each\b|\bparametri[sz]e\b|@(?:ParameterizedTest|MethodSource|ValueSource|CsvSource)|\bInlineData\b|\bTestCase\(|#\[(?:case|rstest|test_case)|\bforEach\b|\bfor\s*\(?\s*(?:const|let|var|auto|_|\w+)\b.*\b(?:of|in|range)\b|\bsubTest\b|\.each\s+do\b|\bfc\.(?:assert|property)|@given\b|@DataProvider|dataProvider|where:/.test(
      code,
    ),
  );
