import { describe, expect, it } from '@jest/globals';
import { fromUtf8, utf8 } from '@conclave/audit-core';
import fc from 'fast-check';
import { exportOf, reportOf, toldBy, type Entry, type Exported } from './test/exports.js';
import { flipped, strangers } from './test/mutations.js';
import { verifyAccessReview } from './verify-access-review.js';
import { verifyExport } from './verify-export.js';

const report = await reportOf();
const { lines, logs } = report;
const REPORT = 3;

describe('a report of an access review', () => {
  it('is trusted when the log that is pinned has its digest, and says how it came out', async () => {
    const verdict = await verifyAccessReview(lines, { logs });
    expect(verdict).toMatchObject({ ok: true, status: 'trusted', exitCode: 0 });
    const outcomes = { kept: 1, removed: 1 };
    expect(verdict.report).toMatchObject({ review: 'arv_one', workspace: 'wsp_one', items: 2, outcomes });
    expect(verdict.steps.map(({ name }) => name)).toEqual([
      'parse',
      'parse',
      'entries',
      'checkpoint',
      'inclusion',
      'entry',
    ]);
  });

  it('is consistent, and not trusted, where no key of the log is pinned', async () => {
    expect(await verifyAccessReview(lines)).toMatchObject({ status: 'consistent-untrusted', exitCode: 7 });
  });

  const without = (at: number) => lines.filter((_, line) => line !== at);
  const changed = (at: number, from: string, to: string) => lines.with(at, lines[at]!.replace(from, to));
  const strange = exportOf([{ type: 'member.added', data: {} }]);
  it.each<[string, string, () => readonly string[] | Promise<readonly string[]>]>([
    ['an outcome changed', 'bad-log-proof', () => changed(2, 'removed', 'kept')],
    ['an access left out', 'bad-log-proof', () => without(1)],
    ['an access added', 'bad-log-proof', () => lines.toSpliced(1, 0, lines[1]!)],
    ['two accesses swapped', 'bad-log-proof', () => lines.with(1, lines[2]!).with(2, lines[1]!)],
    ['the end of another review', 'bad-log-proof', () => changed(0, 'arv_one', 'arv_two')],
    ['another workspace', 'bad-log-proof', () => changed(0, 'wsp_one', 'wsp_two')],
    ['another tenant', 'bad-log-proof', () => changed(0, 'ten_one', 'ten_two')],
    ['a digest in the log of something else', 'bad-log-proof', async () => (await reportOf({ sha256: '00' })).lines],
    ['a count in the log that is another', 'bad-log-proof', async () => (await reportOf({ items: 3 })).lines],
    ['an entry of another tenant', 'bad-log-proof', async () => (await reportOf({}, 'ten_two')).lines],
    ['an export without its end', 'bad-log-proof', async () => [...lines.slice(0, REPORT), ...(await strange).lines]],
    ['no export', 'malformed', () => lines.slice(0, REPORT)],
    ['an export cut off', 'malformed', () => lines.slice(0, -1)],
    ['another format', 'malformed', () => changed(0, '/v1', '/v2')],
    ['nothing', 'malformed', () => []],
  ])('is found out: %s', async (_what, status, spoil) => {
    const verdict = await verifyAccessReview(await spoil());
    expect(verdict).toMatchObject({ ok: false, status });
  });

  it('is not trusted by the key of another log', async () => {
    const other = await reportOf();
    expect((await verifyAccessReview(lines, { logs: other.logs })).ok).toBe(false);
  });
});

/** Reads what a flip left of a file line by line, as programs do that read them. */
const linesOf = (bytes: Uint8Array): string[] | undefined => {
  try {
    return fromUtf8(bytes).split('\n');
  } catch {
    return undefined; // no text
  }
};

const entries: readonly Entry[] = [
  { type: 'member.added', data: { member: 'prn_two' }, personal: { email: 'two@example.org' } },
  { type: 'member.removed', data: { member: 'prn_two' } },
  { type: 'policy.changed', data: { policy: 'p' } },
];
const [whole, some] = [await exportOf(entries), await exportOf(entries, { filtered: true })];
const exported = (of: Exported) => (all: readonly string[]) => verifyExport(all, { logs: of.logs });
/** With how many lines ahead of the export, none of which may change at all. */
const files: [string, Exported, (lines: readonly string[]) => Promise<{ ok: boolean }>, number][] = [
  ['a report', report, (all) => verifyAccessReview(all, { logs }), REPORT],
  ['an export', whole, exported(whole), 0],
  ['an export of some entries', some, exported(some), 0],
];

describe('a flipped bit in any third byte', () => {
  it.each(files)('of %s changes nothing that is trusted', async (_what, file, verify, heading) => {
    expect((await verify(file.lines)).ok).toBe(true);
    const bytes = utf8(file.lines.join('\n'));
    for (let at = 0; at < bytes.length; at += 3) {
      const spoiled = linesOf(flipped(bytes, at, (at * 5) % 8));
      if (!spoiled || !(await verify(spoiled)).ok) continue;
      // Left out of a disclosure, or spelled otherwise: the log still says the same.
      expect({ at, told: toldBy(spoiled.slice(heading)) }).toEqual({ at, told: toldBy(file.lines.slice(heading)) });
      expect(spoiled.slice(0, heading)).toEqual(file.lines.slice(0, heading));
    }
  });
});

describe('anything at all', () => {
  it('in the place of a line has a verdict, of a report and of an export', async () => {
    const line = fc.oneof(fc.string(), fc.json(), fc.constantFrom(...strangers.map((one) => JSON.stringify(one))));
    await fc.assert(
      fc.asyncProperty(fc.nat(lines.length - 1), line, async (at, text) => {
        const spoiled = lines.with(at, text);
        await expect(verifyAccessReview(spoiled, { logs })).resolves.toHaveProperty('exitCode');
        await expect(verifyExport(spoiled.slice(REPORT), { logs })).resolves.toHaveProperty('exitCode');
      }),
      { numRuns: 300 },
    );
  });

  it.each(strangers.map((one) => [JSON.stringify(one).slice(0, 40), one] as const))(
    'such as %s in the place of a member has a verdict',
    async (_what, stranger) => {
      for (const [at, line] of lines.entries())
        for (const member of Object.keys(JSON.parse(line) as object)) {
          const spoiled = lines.with(at, JSON.stringify({ ...(JSON.parse(line) as object), [member]: stranger }));
          await expect(verifyAccessReview(spoiled, { logs })).resolves.toHaveProperty('exitCode');
        }
    },
  );
});
