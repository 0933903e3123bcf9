import { describe, expect, it } from '@jest/globals';
import { base64, consistencyProof, parseVkey } from '@conclave/audit-core';
import { ORIGIN } from './test/decisions.js';
import { numbered, Platform, treeOf } from './test/platform.js';
import { vkeyOf } from './test/signer.js';
import { verifyConsistencyOfCheckpoints as verify } from './verify-consistency.js';

const platform = await Platform.start();
const logs = [parseVkey(vkeyOf(ORIGIN, platform.log))];
const [at0, at3, at8, at13] = (await platform.checkpoints([0, 3, 8, 13])) as [string, string, string, string];
const proof = (first: number, second: number) =>
  consistencyProof(first, second, treeOf(numbered(second)).nodeAt).map(base64);

describe('two checkpoints of a log', () => {
  it('are trusted when the later one only appended', async () => {
    expect(await verify(at3, at13, proof(3, 13), logs)).toMatchObject({ ok: true, status: 'trusted', exitCode: 0 });
    expect(await verify(at8, at13, proof(8, 13), logs)).toMatchObject({ ok: true });
    expect(await verify(at8, at8, [], logs)).toMatchObject({ ok: true });
  });

  it('are consistent but untrusted without keys', async () => {
    const verdict = await verify(at3, at13, proof(3, 13));
    expect(verdict).toMatchObject({ ok: false, status: 'consistent-untrusted', exitCode: 7 });
    expect(verdict.steps.map(({ name, checked }) => [name, checked])).toEqual([
      ['parse', true],
      ['checkpoint', false],
      ['checkpoint', false],
      ['consistency', true],
    ]);
  });

  it('prove nothing from the empty log, backwards, or with the proof of other sizes', async () => {
    for (const [older, newer, between] of [
      [at0, at3, []],
      [at13, at3, proof(3, 13)],
      [at3, at13, proof(8, 13)],
      [at3, at13, proof(3, 13).slice(1)],
    ] as const) {
      expect(await verify(older, newer, between, logs)).toMatchObject({ status: 'bad-log-proof', exitCode: 3 });
    }
  });

  it('of one size with two roots are a fork, whatever the proof', async () => {
    const forked = at8.replace(/\n[A-Za-z0-9+/]{43}=\n/, `\n${base64(new Uint8Array(32))}\n`);
    const verdict = await verify(at8, forked, []);
    expect(verdict).toMatchObject({ status: 'bad-log-proof' });
    expect(verdict.steps.at(-1)?.detail).toContain('forked');
  });

  it('of two logs have nothing to do with each other', async () => {
    const [other] = (await platform.checkpoints([13], 'conclave.example/log/other')) as [string];
    expect(await verify(at3, other, proof(3, 13))).toMatchObject({ status: 'bad-log-proof' });
    expect(await verify(at3, other, proof(3, 13), logs)).toMatchObject({ status: 'untrusted', exitCode: 5 });
  });

  it('fail when one was changed after signing', async () => {
    expect(await verify(at3.replace('\n3\n', '\n4\n'), at13, proof(4, 13), logs)).toMatchObject({
      status: 'bad-log-proof',
    });
  });

  it.each([
    ['no checkpoint', '', []],
    ['a note of another kind', 'hello\n\n— name AAAAAAAA\n', []],
    ['a proof that is not base64', undefined, ['?']],
  ])('are malformed with %s', async (_, older, hashes) => {
    expect(await verify(older ?? at3, at13, hashes, logs)).toMatchObject({ status: 'malformed', exitCode: 6 });
  });
});
