import { describe, expect, it } from '@jest/globals';
import { base64, consistencyProof, parseVkey } from '@conclave/audit-core';
import { compareHeads, headLine, headOfReceipt, headsIn } from './heads.js';
import { ORIGIN, review } from './test/decisions.js';
import { numbered, Platform, treeOf } from './test/platform.js';
import { vkeyOf } from './test/signer.js';

const platform = await Platform.start();
const logs = [parseVkey(vkeyOf(ORIGIN, platform.log))];
const [at0, at3, at8, at10] = (await platform.checkpoints([0, 3, 8, 10])) as [string, string, string, string];
const proof = (from: number, to: number) => ({
  ...{ from, to },
  hashes: consistencyProof(from, to, treeOf(numbered(to)).nodeAt).map(base64),
});
const compare = (heads: readonly string[], ...proofs: ReturnType<typeof proof>[]) =>
  compareHeads(heads, ORIGIN, logs, proofs);

describe('kept heads of a log', () => {
  it('travel as lines of text that stand among others', () => {
    const lines = [at3, at8].map(headLine);
    expect(lines[0]).toMatch(new RegExp(`^conclave-head/v1 ${ORIGIN} 3 [A-Za-z0-9+/=]+$`));
    expect(headsIn(['hello', ...lines, `${lines[0]!.slice(0, -1)}?`, 'conclave-head/v1 x 3'])).toEqual([at3, at8]);
    expect(() => headLine('hello')).toThrow('signed-note');
  });

  it('are those of one log when each is proven to lead to the next', async () => {
    expect(await compare([at8, at3, at10, at3], proof(3, 8), proof(8, 10))).toEqual({
      sizes: [3, 8, 10],
      unproven: [],
      contradictions: [],
    });
  });

  it('leave open what no proof was given for', async () => {
    expect(await compare([at3, at8, at10], proof(8, 10))).toMatchObject({ unproven: [{ from: 3, to: 8 }] });
  });

  it('contradict each other with two roots at one size, or with a proof that does not lead there', async () => {
    const forked = headOfReceipt(JSON.stringify(await platform.receipt((await review()).predicate)));
    expect(await compare([at10, forked])).toMatchObject({ contradictions: [expect.stringContaining('forked')] });
    expect(await compare([at3, forked], proof(3, 10))).toMatchObject({
      contradictions: [expect.stringContaining('only grew from 3 to 10')],
    });
    expect(await compare([at3, at8], { ...proof(3, 8), hashes: ['?'] })).toMatchObject({
      contradictions: [expect.stringContaining('from 3 to 8')],
    });
  });

  it('say nothing when they are empty, another log’s, or not signed by this one', async () => {
    const [other] = (await platform.checkpoints([8], 'conclave.example/log/other')) as [string];
    const forged = at8.replace(/\n[A-Za-z0-9+/]{43}=\n/, `\n${base64(new Uint8Array(32))}\n`);
    const stranger = (await (await Platform.start()).checkpoints([5])) as [string];
    expect(await compare([at0, other, forged, ...stranger, 'hello', at3])).toEqual({
      sizes: [3],
      unproven: [],
      contradictions: [],
    });
  });
});
