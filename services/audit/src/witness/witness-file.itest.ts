import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  cosignedAt,
  formatAddCheckpoint,
  parseNote,
  parseVkey,
  readCosignature,
  sha256,
  verifyNote,
} from '@conclave/audit-core';
import { WitnessProcess } from './test/witness-process.js';
import { WrittenLog } from './test/written-log.js';

const log = new WrittenLog('log.example/log/one');
const racing = new WrittenLog('log.example/log/racing');
const large = new WrittenLog('log.example/log/large');
const empty = new WrittenLog('log.example/log/empty');
const stranger = new WrittenLog('log.example/log/unknown');
const logs = [log, racing, large, empty].map(({ vkey }) => vkey);
const witness = new WitnessProcess();

beforeAll(() => witness.start(logs));
afterAll(() => witness.remove());

async function post(body: string): Promise<{ status: number; type: string; body: string }> {
  const answer = await fetch(`${witness.url}/add-checkpoint`, { method: 'POST', body });
  return { status: answer.status, type: answer.headers.get('content-type') ?? '', body: await answer.text() };
}
const holds = (size: number) => ({ status: 409, type: 'text/x.tlog.size', body: `${size}\n` });
const statusOf = async (body: string) => (await post(body)).status;

describe('the witness in one file', () => {
  it('cosigns a log from its first checkpoint on, with the time', async () => {
    const before = Math.floor(Date.now() / 1000);
    const { status, body } = await post(log.request(0, 5));
    expect(status).toBe(200);
    const cosigned = parseNote(log.note(5) + body);
    const keys = [witness.vkey, log.vkey].map(parseVkey);
    expect((await verifyNote(cosigned, keys)).signers.map(({ name }) => name)).toEqual([log.origin, witness.name]);
    expect(cosignedAt(cosigned.signatures[1]!)).toBeGreaterThanOrEqual(before);
    expect(await readCosignature(body, cosigned.text, keys[0]!)).toBe(body);
    await expect(readCosignature(body, parseNote(log.note(4)).text, keys[0]!)).rejects.toThrow('no cosignature');
    expect(witness.printedVkey()).toBe(witness.vkey);
  });

  it('cosigns what extends it, again and again, and the same head twice', async () => {
    for (const [from, to] of [
      [5, 5],
      [5, 6],
      [6, 8],
      [8, 9],
      [9, 21],
    ] as const)
      expect([from, to, await statusOf(log.request(from, to))]).toEqual([from, to, 200]);
  });

  it('follows every proof between any two sizes, and none that is another’s', async () => {
    for (let size = 1, last = 0; size <= 64; last = size, size += 1 + (size % 7)) {
      const wrong = formatAddCheckpoint({
        oldSize: last,
        proof: large.proof(last || 1, size + 1),
        checkpoint: large.note(size),
      });
      if (last > 0) expect(await statusOf(wrong)).toBe(422);
      expect(await statusOf(large.request(last, size))).toBe(200);
    }
  });

  it.each([
    ['a log it does not know', 404, () => stranger.request(0, 1)],
    ['a checkpoint its log did not sign', 403, () => log.request(21, 22).replace(/(— \S+ \S{8})./u, '$1A')],
    ['an old size above the new one', 400, () => log.request(22, 21)],
    ['a proof that leads elsewhere', 422, () => log.rewritten().request(21, 30)],
    ['no proof', 422, () => formatAddCheckpoint({ oldSize: 21, proof: [], checkpoint: log.note(30) })],
    [
      'a proof from nothing',
      422,
      () => formatAddCheckpoint({ oldSize: 0, proof: [sha256(new Uint8Array())], checkpoint: empty.note(1) }),
    ],
    ['an empty log with a root', 422, () => `old 0\n\n${empty.note(0, new Uint8Array(32))}`],
    ['no checkpoint', 400, () => 'old 0\n\n'],
    ['a size in another spelling', 400, () => log.request(21, 22).replace('old 21', 'old 021')],
    ['nothing', 400, () => ''],
    ['more than it reads', 413, () => 'x'.repeat(300_000)],
  ])('refuses %s with %i', async (_what, status, body) => {
    const { status: answered, body: text } = await post(body());
    expect([answered, text]).toEqual([status, expect.not.stringContaining('—')]);
  });

  it('says what it holds when it is asked from elsewhere, or for another root at that size', async () => {
    expect(await post(log.request(20, 22))).toEqual(holds(21));
    expect(await post(log.request(0, 22))).toEqual(holds(21));
    expect(await post(log.request(15, 15))).toEqual(holds(21));
    expect(await post(log.rewritten().request(21, 21))).toEqual(holds(21));
  });

  it('knows one way only', async () => {
    expect((await fetch(`${witness.url}/add-checkpoint`)).status).toBe(405);
    expect((await fetch(`${witness.url}/other`, { method: 'POST' })).status).toBe(404);
    expect(await (await fetch(witness.url)).text()).toBe(`${witness.vkey}\n`);
  });

  it('never goes back, whatever arrives at once', async () => {
    expect(await statusOf(racing.request(0, 1))).toBe(200);
    for (let last = 1, round = 0; round < 5; round++) {
      const wanted = Array.from({ length: 12 }, (_, at) => last + 1 + ((at * 5) % 12));
      const answers = await Promise.all(wanted.map((size) => post(racing.request(last, size))));
      const won = wanted.filter((_, at) => answers[at]!.status === 200);
      expect(won).toHaveLength(1);
      for (const answer of answers.filter(({ status }) => status !== 200)) expect(answer).toEqual(holds(won[0]!));
      last = won[0]!;
    }
  });

  it('remembers after kill -9 all that it answered', async () => {
    expect(await statusOf(log.request(21, 40))).toBe(200);
    await witness.kill9();
    await witness.start(logs);
    expect(await post(log.request(0, 41))).toEqual(holds(40));
  });
});
