import { isDocumentation, isLocale, isTestFile } from '../source/file-kind.js';
import { isProgramming } from '../source/language.js';
import type { TouchedLine } from '../source/introduced.js';
import type { Severity } from '../check.js';

/** A character that is not seen, or that changes the order in which others are seen. */
export interface Invisible {
  rule: 'bidi-override' | 'bidi-isolate' | 'bidi-mark' | 'invisible-character' | 'hidden-text';
  severity: Severity;
  /** Counted from 1 in UTF-16 units, as editors do. */
  column: number;
  name: string;
}

const embeddings = /[\u202a-\u202e]/u;
const isolates = /[\u2066-\u2069]/u;
const marks = /[\u200e\u200f\u061c]/u;
const zeroWidth = /[\u00ad\u180e\u200b\u2060\ufeff]/u;
const joiners = /[\u200c\u200d]/u;
const fillers = /[\u115f\u1160\u3164\uffa0]/u;
const tags = /[\u{e0001}-\u{e007f}]/u;
const selectors = /[\ufe00-\ufe0e\u{e0100}-\u{e01ef}]/u;
const anyOfThem =
  /[\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\u3164\ufe00-\ufe0e\ufeff\uffa0\u{e0001}-\u{e007f}\u{e0100}-\u{e01ef}]/u;
const joining =
  /[\p{Extended_Pictographic}\u{1f3fb}-\u{1f3ff}\ufe0f\p{Script=Arabic}\p{Script=Syriac}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Mongolian}]/u;

/** The ones on a line that have no honest reason to be there; see the check's `limits` for what passes. */
export function invisiblesOf(line: TouchedLine): Invisible[] {
  if (!anyOfThem.test(line.text)) return [];
  const characters = [...line.text];
  const found: Invisible[] = [];
  let column = 1;
  characters.forEach((character, at) => {
    const judged = anyOfThem.test(character) ? judge(character, characters, at, column, line) : undefined;
    if (judged) found.push({ ...judged, column, name: nameOf(character) });
    column += character.length;
  });
  return found;
}

type Judgement = Pick<Invisible, 'rule' | 'severity'>;

function judge(
  character: string,
  all: readonly string[],
  at: number,
  column: number,
  line: TouchedLine,
): Judgement | undefined {
  const { path, language } = line.view;
  const prose = isDocumentation(path) || isLocale(path) || language === 'markup';
  const inCode = isProgramming(language) && line.code[column - 1] === character[0];
  if (embeddings.test(character))
    return {
      rule: 'bidi-override',
      severity: (prose && isBalanced(all)) || isTestData(line) ? 'warning' : 'error',
    };
  if (isolates.test(character)) {
    return prose && isBalanced(all) ? undefined : { rule: 'bidi-isolate', severity: prose ? 'warning' : 'error' };
  }
  if (marks.test(character)) return prose ? undefined : { rule: 'bidi-mark', severity: inCode ? 'error' : 'warning' };
  if (tags.test(character)) return inFlag(all, at) ? undefined : { rule: 'hidden-text', severity: 'error' };
  if (selectors.test(character)) return hidesText(all, at) ? { rule: 'hidden-text', severity: 'error' } : undefined;
  if (fillers.test(character)) return { rule: 'invisible-character', severity: inCode ? 'error' : 'warning' };
  if (joiners.test(character)) {
    if (joining.test(all[at - 1] ?? '') || joining.test(all[at + 1] ?? '')) return undefined;
    return { rule: 'invisible-character', severity: inCode ? 'error' : 'warning' };
  }
  if (!zeroWidth.test(character) || (character === '\ufeff' && at === 0 && line.number === 1)) return undefined;
  return prose ? undefined : { rule: 'invisible-character', severity: inCode ? 'error' : 'warning' };
}

/** Samples that tests feed to the product; nobody runs them. */
const isTestData = ({ view }: TouchedLine): boolean => isTestFile(view.path) && !isProgramming(view.language);

/** Every opened embedding and isolate is closed again on the line, as a message formatter writes them. */
function isBalanced(characters: readonly string[]): boolean {
  let embedded = 0;
  let isolated = 0;
  for (const character of characters) {
    if (/[\u202a\u202b\u202d\u202e]/u.test(character)) embedded++;
    else if (/[\u2066-\u2068]/u.test(character)) isolated++;
    else if (character === '\u202c') embedded--;
    else if (character === '\u2069') isolated--;
    if (embedded < 0 || isolated < 0) return false;
  }
  return embedded === 0 && isolated === 0;
}

/** Tag characters spell the region of a flag emoji after a black flag, and nothing else in use. */
function inFlag(all: readonly string[], at: number): boolean {
  let start = at;
  while (start > 0 && tags.test(all[start] ?? '')) start--;
  return all[start] === '\u{1f3f4}';
}

/** One selector picks a glyph of the character before it; a row of them carries bytes nobody sees. */
function hidesText(all: readonly string[], at: number): boolean {
  const before = all[at - 1] ?? '';
  if (selectors.test(before) || selectors.test(all[at + 1] ?? '')) return true;
  return !/[\p{L}\p{N}\p{S}\p{P}\p{M}]/u.test(before) || /[\p{ASCII}]/u.test(before);
}

const names: readonly (readonly [RegExp, string])[] = [
  [embeddings, 'bidirectional embedding or override'],
  [isolates, 'bidirectional isolate'],
  [marks, 'direction mark'],
  [tags, 'tag character'],
  [selectors, 'variation selector'],
  [fillers, 'Hangul filler'],
  [joiners, 'zero-width joiner'],
  [zeroWidth, 'zero-width or soft character'],
];

function nameOf(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return `${names.find(([range]) => range.test(character))?.[1] ?? 'character'} U+${code}`;
}
