/** Marks that keep a test from running, or keep all others from running. */
import type { Language } from '../source/language.js';

/** One way to say it. */
export interface SkipMark {
  rule: 'skipped-test' | 'focused-test';
  languages: readonly Language[];
  pattern: RegExp;
  /** The mark carries its own condition. */
  conditional?: boolean;
  /** Where the mark stands: in the header itself, above it, or in the body. */
  place: 'header' | 'above' | 'body';
}

const scripts: readonly Language[] = ['javascript', 'typescript', 'vue'];
const header = (
  languages: readonly Language[],
  pattern: RegExp,
  rule: SkipMark['rule'] = 'skipped-test',
): SkipMark => ({ rule, languages, pattern, place: 'header' });
const above = (languages: readonly Language[], pattern: RegExp, conditional = false): SkipMark => ({
  rule: 'skipped-test',
  languages,
  pattern,
  conditional,
  place: 'above',
});
const body = (languages: readonly Language[], pattern: RegExp): SkipMark => ({
  rule: 'skipped-test',
  languages,
  pattern,
  place: 'body',
});

export const skipMarks: readonly SkipMark[] = [
  header(
    scripts,
    /\b(?:it|test|describe|context|suite|specify|bench)(?:\.\w+)*\.only\b|\bf(?:it|describe|context)\s*\(|\b(?:it|test)\([^)]*\bonly:\s*true/,
    'focused-test',
  ),
  // Playwright's take a condition where a name would stand; without one, or with `true`, they always skip.
  {
    ...body(
      scripts,
      /\b(?:test|it)(?:\.describe)?\.(?:skip|fixme|fail)\s*\(\s*(?!true\b)(?:!|\(|[\w$.]+(?:\([^)]*\))?\s*(?:[!=]==?|&&|\|\||[<>?)]|,\s*['"`]))/,
    ),
    conditional: true,
  },
  body(scripts, /\b(?:test|it)\.(?:skip|fixme|fail)\s*\(\s*(?:\)|true\b)/),
  header(
    scripts,
    /\b(?:it|test|describe|context|suite|specify|bench)(?:\.\w+)*\.(?:skip|todo|fixme|fails|failing)\b(?!If)|\bx(?:it|describe|test|context|specify)\s*[.(]|\bskip:\s*true|\bDeno\.test\.ignore\b|\bignore:\s*true/,
  ),
  { ...header(scripts, /\.(?:skipIf|runIf)\s*\(/), conditional: true },
  body(scripts, /\b(?:this|t|ctx|context)\.skip\s*\(|\bpending\s*\(\s*\)/),
  // With a condition in front of its reason it is an expected failure somewhere, not everywhere.
  above(['python'], /@pytest\.mark\.xfail\s*\(\s*(?!(?:True|reason|raises|run|strict)\b)\w/, true),
  above(
    ['python'],
    /@(?:pytest\.mark\.(?:skip|xfail)\b(?!if)|unittest\.(?:skip\b|expectedFailure)|skip\b|expectedFailure)|^\s*pytestmark\s*=.*\bskip\b(?!if)/,
  ),
  above(['python'], /@(?:pytest\.mark\.skipif|unittest\.skip(?:If|Unless)|skip(?:If|Unless))\b/, true),
  body(['python'], /\bpytest\.(?:skip|xfail)\s*\(|\bself\.skipTest\s*\(|\braise\s+(?:unittest\.)?SkipTest\b/),
  body(['go'], /\b(?:t|b|tb)\.(?:Skip|Skipf|SkipNow)\s*\(/),
  above(['rust'], /#\[\s*ignore\b/),
  { ...above(['rust'], /#\[\s*cfg_attr\([^\]]*\bignore\b/), conditional: true },
  above(['java', 'kotlin', 'groovy', 'scala'], /@(?:Disabled|Ignore)\b(?!\w)/),
  above(['java', 'kotlin', 'groovy', 'scala'], /@(?:Disabled|Enabled)(?:On|If|For)\w*/, true),
  body(['java', 'kotlin'], /\bassumeTrue\s*\(\s*false\b|\bAssume\.assumeTrue\s*\(\s*false\b/),
  above(['csharp'], /\[\s*Ignore\b|\bSkip\s*=\s*"/),
  header(
    ['ruby'],
    /^\s*x(?:it|describe|context|specify|scenario|feature)\b|^\s*(?:skip|pending)\s+["']|\bskip:\s*(?:true|["'])/,
  ),
  header(['ruby'], /^\s*f(?:it|describe|context|scenario)\s+["']|,\s*(?:focus:\s*true|:focus)\b/, 'focused-test'),
  body(['ruby'], /^\s*(?:skip|pending)\b(?!\s*[=.])/),
  body(['php'], /->(?:markTestSkipped|markTestIncomplete)\s*\(|->skip\s*\(/),
  body(['swift'], /\bthrow\s+XCTSkip\b/),
  above(['elixir'], /@(?:tag|moduletag|describetag)\s+:?skip\b/),
  body(['shell'], /^\s*skip\b/),
  header(['cpp', 'c'], /\bTEST(?:_F|_P)?\s*\(\s*\w+\s*,\s*DISABLED_|\bGTEST_SKIP\s*\(/),
  header(['dart'], /\bskip:\s*(?:true|["'])/),
];
