/** Requests of one turn. */
const TOGETHER = 100;

/**
 * Lets work on one thing take turns: what is asked for while a turn is under way goes together in the next one.
 *
 * The first turn begins when the event loop has delivered what arrived with the first request, so that ballots that
 * travelled in one packet are carried out in one transaction.
 */
export class Turns<Request> {
  private readonly waiting = new Map<string, Request[]>();

  /** `carryOut` answers every request itself and never fails. */
  constructor(private readonly carryOut: (requests: readonly Request[]) => Promise<void>) {}

  add(thing: string, request: Request): void {
    const waiting = this.waiting.get(thing);
    if (waiting) return void waiting.push(request);
    this.waiting.set(thing, [request]);
    setImmediate(() => void this.work(thing));
  }

  private async work(thing: string): Promise<void> {
    for (let next = this.take(thing); next.length > 0; next = this.take(thing)) await this.carryOut(next);
    this.waiting.delete(thing);
  }

  private take(thing: string): readonly Request[] {
    return this.waiting.get(thing)?.splice(0, TOGETHER) ?? [];
  }
}
