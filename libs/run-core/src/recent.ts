/**
 * The newest items of a sequence that only grows, for many readers who each go on from where they are: whoever is behind
 * the oldest item kept has to read elsewhere.
 */

export interface RecentLimits {
  readonly items: number;
  readonly bytes: number;
}

interface Kept<T> {
  readonly at: number;
  readonly item: T;
  readonly bytes: number;
}

export class Recent<T> {
  private kept: Kept<T>[] = [];
  private bytes = 0;

  /** @param floor the position up to which nothing is kept */
  constructor(
    private readonly limits: RecentLimits,
    private floor = 0,
  ) {}

  /** The earliest position from which nothing is missing. */
  get oldest(): number {
    return this.floor;
  }

  /** Position of the newest item. */
  get head(): number {
    return this.kept.at(-1)?.at ?? this.floor;
  }

  /** Appends an item at a position above the head's; the oldest go where there is no room. */
  push(at: number, item: T, bytes: number): void {
    this.kept.push({ at, item, bytes });
    this.bytes += bytes;
    let gone = 0;
    while (this.kept.length - gone > this.limits.items || (this.bytes > this.limits.bytes && gone < this.kept.length)) {
      this.bytes -= this.kept[gone]!.bytes;
      this.floor = this.kept[gone]!.at;
      gone++;
    }
    if (gone > 0) this.kept.splice(0, gone);
  }

  /** Forgets single items; readers who are behind them go on after them. */
  drop(isGone: (item: T) => boolean): void {
    const head = this.head;
    this.kept = this.kept.filter(({ item }) => !isGone(item));
    this.bytes = this.kept.reduce((sum, { bytes }) => sum + bytes, 0);
    if (this.kept.length === 0) this.floor = head;
  }

  /** The items after a position, oldest first, or undefined when some of them are not kept any more. */
  after(position: number): readonly T[] | undefined {
    if (position < this.floor) return undefined;
    let from = this.kept.length;
    while (from > 0 && this.kept[from - 1]!.at > position) from--;
    return from === this.kept.length ? [] : this.kept.slice(from).map(({ item }) => item);
  }
}
