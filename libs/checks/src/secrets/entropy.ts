/** Shannon entropy in bits per character. Random base64 of 40 characters has about 4.7, English prose about 3.5. */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

const placeholderWords =
  /example|sample|placeholder|dummy|fake|change[-_]?me|change[-_]?it|your[-_]|[-_]?here$|insert|replace|redacted|secret[-_]?key|my[-_]?(secret|token|key|pass)|not[-_]?a[-_]?real|todo|xxxx|\*\*\*|\.\.\.|<[^>]*>|test[-_]?(key|token|secret|pass)|foo|bar(?![a-z])|lorem|abcdefg|12345678|qwerty|deadbeef|^pass(word)?\d*!?$/i;

/** Whether a value stands for a secret rather than being one: template, example word, sequence or repetition. */
export function isPlaceholder(value: string): boolean {
  if (/\$\{|\$\(|\{\{|%\(|%s|^\$[A-Za-z_]|^@|^env[.:(]/.test(value) || placeholderWords.test(value)) return true;
  const distinct = new Set(value).size;
  return distinct < Math.min(6, value.length / 2) || /^(.{1,8})\1{2,}/.test(value);
}

/** Whether a value has the look of something generated: long, mixed, no words. */
export function looksRandom(value: string): boolean {
  const classes = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(value)).length;
  return (
    classes >= 2 &&
    /\d/.test(value) &&
    /[A-Za-z]/.test(value) &&
    entropyOf(value) >= Math.min(3.5, Math.log2(value.length) - 0.8)
  );
}
