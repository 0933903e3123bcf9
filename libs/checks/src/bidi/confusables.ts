/**
 * Letters of other scripts that a reader takes for a Latin one: the part of Unicode's confusables (UTS #39) that is
 * drawn alike in common fonts. Letters that only resemble (α, β, σ, я) are left out: they are honest mathematics or
 * honest Cyrillic.
 */
const pairs =
  'аa еe оo рp сc уy хx іi јj ѕs һh ԁd ԛq ԝw ӏl АA ВB ЕE КK МM НH ОO РP СC ТT ХX ЅS ІI ЈJ ԌG ԚQ ԜW ' +
  'οo νv ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX ' +
  'օo սu հh ցg ոn Տs Օo';

const skeletons = new Map(pairs.split(' ').map((pair) => [[...pair][0] ?? '', [...pair][1] ?? '']));

/** The Latin letter a foreign one passes for; nothing for a letter that shows what it is. */
export function latinLookalike(letter: string): string | undefined {
  const known = skeletons.get(letter);
  if (known) return known;
  const code = letter.codePointAt(0) ?? 0;
  const compatible = (code >= 0xff21 && code <= 0xff5a) || (code >= 0x1d400 && code <= 0x1d6a3);
  return compatible ? letter.normalize('NFKC') : undefined;
}

/** How an identifier would be read if every look-alike were the letter it looks like. */
export const skeletonOf = (identifier: string): string =>
  Array.from(identifier, (letter) => latinLookalike(letter) ?? letter).join('');
