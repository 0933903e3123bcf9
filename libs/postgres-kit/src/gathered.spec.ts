import { describe, expect, it } from '@jest/globals';
import type { Actor } from './database.js';
import { Gathered } from './gathered.js';

const of = (tenantId: string, deadlineAt?: number): Actor => ({
  ...{ tenantId, actor: 'test' },
  ...(deadlineAt !== undefined && { deadlineAt }),
});

/** Finds every key but `none`, under its tenant. */
function notebook() {
  const looks: { ctx: Actor; keys: readonly string[] }[] = [];
  const gathered = new Gathered(async (ctx, keys) => {
    looks.push({ ctx, keys });
    if (keys.includes('broken')) throw new Error('broken');
    return new Map(keys.filter((key) => key !== 'none').map((key) => [key, `${ctx.tenantId}/${key}`]));
  });
  return { gathered, looks };
}

describe('looks that come together', () => {
  it('are one for each tenant, and each is answered its own', async () => {
    const { gathered, looks } = notebook();
    const asked = [gathered.ask(of('a'), '1'), gathered.ask(of('b'), '1'), gathered.ask(of('a'), 'none')];
    expect(await Promise.all(asked)).toEqual(['a/1', 'b/1', undefined]);
    expect(looks.map(({ ctx, keys }) => [ctx.tenantId, keys])).toEqual([
      ['a', ['1', 'none']],
      ['b', ['1']],
    ]);
  });

  it('have the time of whoever has the most', async () => {
    const { gathered, looks } = notebook();
    await Promise.all([2, 3, 1].map((deadlineAt) => gathered.ask(of('a', deadlineAt), '1')));
    await Promise.all([gathered.ask(of('a', 2), '1'), gathered.ask(of('a'), '1')]);
    expect(looks.map(({ ctx }) => ctx.deadlineAt)).toEqual([3, undefined]);
  });

  it('fail together, and those after them do not', async () => {
    const { gathered } = notebook();
    const asked = await Promise.allSettled([gathered.ask(of('a'), 'broken'), gathered.ask(of('a'), '1')]);
    expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await gathered.ask(of('a'), '1')).toBe('a/1');
  });
});
