import { afterEach, describe, expect, it } from '@jest/globals';
import { CHECKS, type Change } from '@conclave/checks';
import { CheckStopped, CheckThread } from './check-thread.js';

const revision = { commit: 'a'.repeat(40), tree: 'b'.repeat(40) };
/** A change that adds a file of `lines` lines that read otherwise than they run. */
const change = (lines: number): Change => {
  const added = Array.from({ length: lines }, (_, i) => `let a${i} = 1; // \u202e`);
  const hunk = { oldStart: 0, oldLines: 0, newStart: 1, newLines: lines, removed: [], added };
  const modes = { oldMode: '000000', newMode: '100644', binary: false };
  return {
    base: revision,
    head: revision,
    files: [{ path: 'a.js', status: 'added', ...modes, after: `${added.join('\n')}\n`, hunks: [hunk] }],
    tree: { base: [], head: ['a.js'] },
    context: { base: {}, head: {} },
    history: [],
    commits: [],
    limits: [],
  };
};

describe('check thread', () => {
  const thread = new CheckThread();
  afterEach(() => thread.onModuleDestroy());

  it('judges as the check itself does, one change after the other', async () => {
    const changes = [change(1), change(3)];
    const asked = changes.flatMap((one) => CHECKS.map((check) => ({ check, one })));
    const judged = await Promise.all(asked.map(({ check, one }) => thread.run(check.id, one)));
    expect(judged).toEqual(asked.map(({ check, one }) => check.run(one)));
    expect(judged.some((result) => result.applies && result.findings.length > 0)).toBe(true);
  });

  it('stops a check that takes too long or too much, says so, and judges the next', async () => {
    const slow = thread.run('bidi', change(1), { wallMs: 1, memoryMb: 512 });
    await expect(slow).rejects.toThrow(new CheckStopped('the check was stopped after 0.001 s'));
    const big = thread.run('bidi', change(400_000), { wallMs: 60_000, memoryMb: 24 });
    await expect(big).rejects.toThrow(new CheckStopped('the check needed more than 24 MB'));
    expect(await thread.run('bidi', change(1))).toMatchObject({ applies: true });
  });

  it('passes on what a check throws', async () => {
    await expect(thread.run('no-such-check', change(1))).rejects.toThrow('undefined');
    expect(await thread.run('bidi', change(1))).toMatchObject({ applies: true });
  });
});
