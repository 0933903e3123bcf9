export interface GatheringTerms {
  readonly everyMs: number;
  /** Different things that are minded at once; beyond that nothing is told. */
  readonly most: number;
}

/** Tells of things alike: the first at once, and how many followed it when the time is over. Floods stay short that way. */
export class Gathering<T> {
  private readonly followed = new Map<string, number>();

  constructor(
    private readonly tell: (what: T, times: number) => Promise<void>,
    private readonly terms: GatheringTerms,
  ) {}

  /** `once` is told of the first alone. */
  note(what: T, once: Partial<T> = {}): void {
    const key = JSON.stringify(what);
    const more = this.followed.get(key);
    if (more !== undefined) return void this.followed.set(key, more + 1);
    if (this.followed.size >= this.terms.most) return;
    this.followed.set(key, 0);
    void this.tell({ ...what, ...once }, 1).catch(() => undefined);
    setTimeout(() => {
      const followed = this.followed.get(key) ?? 0;
      this.followed.delete(key);
      if (followed > 0) void this.tell(what, followed).catch(() => undefined);
    }, this.terms.everyMs).unref();
  }
}
