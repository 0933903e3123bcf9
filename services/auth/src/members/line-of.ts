/** A name that others gave, as names are here: one line of at most 120. */
export const lineOf = (name: string): string =>
  name
    .replaceAll(/[\u0000-\u001f\u007f]/g, ' ')
    .trim()
    .slice(0, 120);
