/** A part of a line: as it is, or the name of a character that shows nothing or reorders what is around it. */
export type Piece = { readonly text: string } | { readonly hidden: string };

const HIDDEN = /((?!\t)[\p{Cc}\p{Cf}\u2028\u2029])/u;

/** Takes a line apart so that nothing in it can hide: a diff that is drawn must be the diff that was judged. */
export function visibleText(line: string): readonly Piece[] {
  return line
    .replace(/\r$/, '')
    .split(HIDDEN)
    .flatMap((part, at): Piece[] => {
      if (at % 2 === 0) return part === '' ? [] : [{ text: part }];
      return [{ hidden: `U+${part.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}` }];
    });
}

/** The same for places that take no markup: titles and labels. */
export const visibleString = (line: string): string =>
  visibleText(line)
    .map((piece) => ('text' in piece ? piece.text : `[${piece.hidden}]`))
    .join('');
