/** The one of `known` that `word` was most likely meant to be, if any is near. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const asked = word.toLowerCase();
  const near = known
    .map((one) => ({ one, away: distance(asked, one.toLowerCase()) }))
    .filter(
      ({ one, away }) =>
        away <= Math.max(1, Math.floor(asked.length / 3)) || (asked.length > 2 && one.startsWith(asked)),
    )
    .sort((a, b) => a.away - b.away);
  return near[0]?.one;
}

/** Letters added, left out, changed, or swapped with their neighbour: optimal string alignment. */
function distance(a: string, b: string): number {
  const rows: number[][] = [[...Array(b.length + 1).keys()]];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = rows[i - 1]![j - 1]! + Number(a[i - 1] !== b[j - 1]);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? rows[i - 2]![j - 2]! + 1 : Infinity;
      row.push(Math.min(change, swap, rows[i - 1]![j]! + 1, row[j - 1]! + 1));
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
