import { describe, expect, it } from '@jest/globals';
import type { Json, Turn } from '../engine/agent-port.js';
import type { Sandbox } from '../sandbox/sandbox.js';
import { CommandAgent } from './command.js';

describe('a command of which nobody saw the end', () => {
  const agent = new CommandAgent({} as Sandbox, '/nowhere');
  const said = (result: Json) =>
    agent.activate({
      ...{ input: { command: './deploy', effect: 'unsafe' }, runInput: {} },
      effect: async () => result,
    } as unknown as Turn);

  it.each<[Json]>([[null], ['by hand'], [{ url: 'https://x' }]])(
    'gave what a person says it gave: %j',
    async (result) => {
      expect(await said(result)).toEqual({ kind: 'done', result });
    },
  );
});
