import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GroupCommit, type GroupCommitOptions } from './group-commit.js';

interface Item {
  readonly run: string;
  readonly n: number;
}

const outage = new Error('Connection terminated');

/** A group commit to a store that keeps every batch, refuses items of which `isBad` says so, and is away at these tries. */
function commitTo(
  options: Partial<GroupCommitOptions<Item, number>> & { isBad?: (item: Item) => boolean; away?: Set<number> },
) {
  const batches: Item[][] = [];
  let tries = 0;
  const commits = new GroupCommit<Item, number>({
    flush: async (items) => {
      await Promise.resolve();
      if (options.away?.has(++tries)) throw outage;
      if (items.some((item) => options.isBad?.(item))) throw new Error('refused');
      batches.push([...items]);
      return items.map(({ n }) => ({ ok: n }));
    },
    pause: () => Promise.resolve(),
    limit: 100,
    ...options,
  });
  return { commits, batches };
}

describe('a group commit', () => {
  it('takes what comes together in one batch, and what comes alone at once', async () => {
    const { commits, batches } = commitTo({});
    await Promise.all([1, 2, 3].map((n) => commits.submit({ run: `r${n}`, n })));
    await commits.submit({ run: 'r', n: 4 });
    expect(batches.map((batch) => batch.length)).toEqual([3, 1]);
  });

  it('never has two of a key in a batch, and keeps their order', async () => {
    const { commits, batches } = commitTo({ keyOf: ({ run }) => run, limit: 3 });
    const items = ['a', 'a', 'b', 'c', 'a', 'd', 'b'].map((run, n) => ({ run, n }));
    await Promise.all(items.map((item) => commits.submit(item)));
    for (const batch of batches) expect(new Set(batch.map(({ run }) => run)).size).toBe(batch.length);
    for (const run of 'abcd') {
      const order = batches.flat().filter((item) => item.run === run);
      expect(order).toEqual(items.filter((item) => item.run === run));
    }
  });

  it('gives every caller its own outcome, whatever is refused and whenever the store is away', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ run: fc.constantFrom('a', 'b', 'c'), bad: fc.boolean() }), { maxLength: 30 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { maxLength: 6 }),
        fc.integer({ min: 1, max: 8 }),
        async (wanted, away, limit) => {
          const bad = new Set(wanted.flatMap((item, n) => (item.bad ? [n] : [])));
          const { commits, batches } = commitTo({
            isBad: ({ n }) => bad.has(n),
            away: new Set(away),
            limit,
            keyOf: ({ run }) => run,
          });
          const outcomes = await Promise.allSettled(wanted.map(({ run }, n) => commits.submit({ run, n })));
          outcomes.forEach((outcome, n) => expect(outcome.status).toBe(bad.has(n) ? 'rejected' : 'fulfilled'));
          const done = batches.flat().map(({ n }) => n);
          expect([...done].sort((a, b) => a - b)).toEqual(wanted.flatMap((_, n) => (bad.has(n) ? [] : [n])));
        },
      ),
    );
  });

  it('tells all callers of a batch of an outage that it does not wait for, and goes on', async () => {
    const { commits, batches } = commitTo({ pause: undefined, away: new Set([1]) });
    const told = await Promise.allSettled([1, 2].map((n) => commits.submit({ run: `r${n}`, n })));
    expect(told).toEqual([1, 2].map(() => ({ status: 'rejected', reason: outage })));
    await commits.submit({ run: 'r', n: 3 });
    expect(batches.flat().map(({ n }) => n)).toEqual([3]);
  });
});
