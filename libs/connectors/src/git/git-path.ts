/**
 * Paths of a tree are bytes; `Change` and findings hold text. This is the one way between them, without loss.
 *
 * A path that is UTF-8 without backslash, control character is itself. Otherwise `\` becomes `\\`
 * and every other such byte `\xHH`, so a path cannot move a terminal's cursor nor pose as another path.
 */

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const control = /\p{Cc}/u;

/** The text that stands for these bytes. */
export function pathText(bytes: Uint8Array): string {
  const plain = validText(bytes);
  if (plain !== undefined && !control.test(plain) && !plain.includes('\\')) return plain;
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const length = characterAt(bytes, at);
    const character = length ? decoder.decode(bytes.subarray(at, at + length)) : '';
    if (character === '\\') text += '\\\\';
    else if (character && !control.test(character)) text += character;
    else text += `\\x${(bytes[at] ?? 0).toString(16).padStart(2, '0')}`;
    at += Math.max(1, length);
  }
  return text;
}

/** The bytes a text stands for. */
export function pathBytes(text: string): Buffer {
  const parts = text.split(/(\\\\|\\x[0-9a-f]{2})/);
  return Buffer.concat(
    parts.map((part) => {
      if (part === '\\\\') return Buffer.from('\\');
      return part.startsWith('\\x') ? Buffer.from(part.slice(2), 'hex') : Buffer.from(part, 'utf8');
    }),
  );
}

function validText(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** How many bytes the UTF-8 character at this place takes; 0 when there is none. */
function characterAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  const length = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return length && at + length <= bytes.length && validText(bytes.subarray(at, at + length)) !== undefined ? length : 0;
}
