import type { Actor } from './database.js';

interface Look<V> {
  /** Of those that ask, whoever has the most time. */
  ctx: Actor;
  readonly keys: Set<string>;
  readonly answer: Promise<ReadonlyMap<string, V>>;
}

/**
 * Looks for rows of one tenant by their keys: those that come in one turn of the event loop are one statement, which takes
 * as long as the most patient of them would wait.
 */
export class Gathered<V> {
  private readonly gathered = new Map<string, Look<V>>();

  constructor(private readonly look: (ctx: Actor, keys: readonly string[]) => Promise<ReadonlyMap<string, V>>) {}

  async ask(ctx: Actor, key: string): Promise<V | undefined> {
    const look = this.gathered.get(ctx.tenantId) ?? this.begin(ctx);
    look.keys.add(key);
    if (timeOf(ctx) > timeOf(look.ctx)) look.ctx = ctx;
    return (await look.answer).get(key);
  }

  private begin(ctx: Actor): Look<V> {
    const answer = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      this.gathered.delete(ctx.tenantId);
      return this.look(look.ctx, [...look.keys]);
    });
    const look: Look<V> = { ctx, keys: new Set(), answer };
    this.gathered.set(ctx.tenantId, look);
    return look;
  }
}

const timeOf = ({ deadlineAt = Infinity }: Actor): number => deadlineAt;
