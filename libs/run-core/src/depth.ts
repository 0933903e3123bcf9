/** Whether a JSON value is nested deeper than `limit` levels; walks without recursion, for what may be hostile. */
export function isDeeperThan(value: unknown, limit: number): boolean {
  const open: [unknown, number][] = [[value, 1]];
  for (let top = open.pop(); top; top = open.pop()) {
    const [part, depth] = top;
    if (typeof part !== 'object' || part === null) continue;
    if (depth > limit) return true;
    for (const member of Object.values(part)) open.push([member, depth + 1]);
  }
  return false;
}
