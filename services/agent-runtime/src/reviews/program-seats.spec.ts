import { describe, expect, it } from '@jest/globals';
import type { Json, Turn } from '../engine/agent-port.js';
import { isBelow, TestsGate, type ProgramParts } from './program-seats.js';

describe('the tests gate', () => {
  /** What a gate hands in that never got to judge, with what its journal holds. */
  const givenUp = async (journal: Record<string, Json>, reason: string): Promise<unknown[]> => {
    const handedIn: unknown[] = [];
    const callAsService = async (_contract: unknown, _claims: unknown, request: unknown) => handedIn.push(request);
    const gate = new TestsGate({ kit: { rpc: { callAsService } } } as unknown as ProgramParts);
    const seat = { seat: 'tests', kind: 'gate', agent: 'tests-gate', family: 'f', version: '1' };
    const turn: Partial<Turn> = {
      tenantId: 't',
      input: { decisionId: 'dec_1', termsSha256: '', secrecy: 'open', seat },
      step: async (name, work) => (journal[name] ??= await work()) as Awaited<ReturnType<typeof work>>,
      tell: async () => undefined,
    };
    await gate.giveUp(turn as Turn, reason);
    return handedIn;
  };

  it('is red when it could not be judged, and not silent', async () => {
    expect(await givenUp({}, 'no space left on the device\nat write')).toEqual([
      expect.objectContaining({
        gate: 'tests',
        status: 'red',
        reason: 'could not judge: no space left on the device',
      }),
    ]);
  });

  it('hands in what it had judged before it had to give up', async () => {
    const judge = { seat: 'tests', kind: 'gate', vote: 'green', reason: 'r', findings: [], findingsSha256: 'f' };
    expect(await givenUp({ judge }, 'x')).toEqual([expect.objectContaining({ status: 'green', sha256: 'f' })]);
  });
});

describe('dependency paths', () => {
  it.each([
    ['/opt/deps', ['/opt/deps'], true],
    ['/opt/deps/node', ['/opt/deps'], true],
    ['/opt/deps/node', ['/srv', '/opt/deps/'], true],
    ['/opt/depsecret', ['/opt/deps'], false],
    ['/opt/deps/../../etc', ['/opt/deps'], false],
    ['/opt', ['/opt/deps'], false],
    ['/etc', [], false],
  ])('%s below %j: %s', (path, roots, expected) => {
    expect(isBelow(path, roots)).toBe(expected);
  });
});
