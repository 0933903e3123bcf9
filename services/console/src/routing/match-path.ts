/** The values of `:names` when the path fits the pattern, segment by segment. */
export function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const wanted = pattern.split('/');
  const given = path.replace(/(?<=.)\/+$/, '').split('/');
  if (wanted.length !== given.length) return undefined;
  const values: Record<string, string> = {};
  for (const [at, segment] of wanted.entries()) {
    if (!segment.startsWith(':')) {
      if (segment !== given[at]) return undefined;
    } else if (given[at]) values[segment.slice(1)] = given[at];
    else return undefined;
  }
  return values;
}
