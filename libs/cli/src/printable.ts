/**
 * Control characters, half surrogate pairs, and what changes the order or visibility of text: C0, DEL, C1, soft hyphen,
 * bidirectional controls (UAX #9), zero-width characters, line and paragraph separators, byte order mark, tags.
 */
const UNSAFE =
  /[\p{Cc}\p{Cs}\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** Text from elsewhere, fit for one line of a terminal: whatever could move the cursor or reorder it is spelled out. */
export const printable = (text: string): string =>
  text.replaceAll(UNSAFE, (character) => {
    if (character === '\t' || character === '\n') return ' ';
    return `\\u{${character.codePointAt(0)!.toString(16)}}`;
  });

/** JSON that means the same and holds none of those characters. */
export const printableJson = (value: unknown, indent = 2): string =>
  JSON.stringify(value, undefined, indent).replaceAll(UNSAFE, (character) => {
    if (character === '\n') return character;
    return [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join('');
  });
