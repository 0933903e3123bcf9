/** Words, columns and times on a terminal of a given width. */

const SECOND = 1_000;
const units = [
  ['d', 86_400 * SECOND],
  ['h', 3_600 * SECOND],
  ['min', 60 * SECOND],
  ['s', SECOND],
] as const;

/** How long ago, or ahead, as people say it: `3 d ago`, `in 20 min`; a date where that says more. */
export function relativeTime(iso: string, now: number): string {
  const away = Date.parse(iso) - now;
  const size = Math.abs(away);
  if (Number.isNaN(away) || size > 60 * units[0][1]) return iso.slice(0, 10);
  const [unit, ms] = units.find(([, ms]) => size >= ms) ?? ['s', SECOND];
  const count = `${Math.floor(size / ms)} ${unit}`;
  if (size < SECOND) return 'now';
  return away < 0 ? `${count} ago` : `in ${count}`;
}

/** Breaks lines that are longer than the terminal is wide between words; what follows keeps the indent of its line. */
export function wrapped(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => wrapLine(line, width))
    .join('\n');
}

function wrapLine(line: string, width: number): string {
  if (line.length <= width) return line;
  // What is explained in a second column goes on in it.
  const indent = /^(\s*\S+(?: \S+)*\s{2,}|\s*)/.exec(line)![0].length;
  if (indent > width / 2) return wrapAt(line, width, /^\s*/.exec(line)![0].length + 4);
  return wrapAt(line, width, indent);
}

function wrapAt(line: string, width: number, indent: number): string {
  const lines: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const at = space > indent ? space : rest.indexOf(' ', width);
    if (at === -1) break;
    lines.push(rest.slice(0, at));
    rest = ' '.repeat(indent) + rest.slice(at + 1).trimStart();
  }
  return [...lines, rest].join('\n');
}

/**
 * Rows as columns of equal width, two spaces apart. Within `width` the widest columns are cut, with an ellipsis; the
 * first is not, as it is what one types next.
 */
export function columns(rows: readonly (readonly string[])[], width = Infinity): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  const least = 8;
  for (let over = sum(widths) + 2 * (widths.length - 1) - width; over > 0;) {
    const most = Math.max(...widths.slice(1));
    if (most <= least) break;
    const at = widths.lastIndexOf(most);
    if (at === 0) break;
    widths[at] = most - 1;
    over--;
  }
  return rows.map((row) =>
    row
      .map((cell, at) => cut(cell, widths[at]!).padEnd(widths[at]!))
      .join('  ')
      .trimEnd(),
  );
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
const cut = (text: string, width: number): string => (text.length > width ? `${text.slice(0, width - 1)}…` : text);
