/** Copies that tests may change. */
export const clone = <T>(value: T) => JSON.parse(JSON.stringify(value)) as Mutable<T>;
/** Writable to the depth of a ballot's members; the tally's detail is any JSON and has no bottom. */
export type Mutable<T, Depth extends 0[] = []> = Depth['length'] extends 7
  ? T
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K], [...Depth, 0]> }
    : T;
