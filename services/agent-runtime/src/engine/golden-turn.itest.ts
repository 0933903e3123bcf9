import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Died, mortals, type Mortals } from '../testing/mortal-worker.js';
import { actor, openEngineWorld, waitFor, type EngineWorld } from '../testing/engine-world.js';
import type { Activation, Json, Turn } from './agent-port.js';
import { expireWaits, settle } from './postgres-waits.js';

/** Where a worker dies: while it does step n, after step n was journaled, or before the turn after step n ends. */
interface Death {
  readonly step: number;
  readonly when: 'in its middle' | 'after it' | 'before the turn ends';
}

const STEPS = 6;
/** The turn ends after these, waiting for somebody's word or for a time; and after the last. */
const ENDS = [2, 4, STEPS] as const;

describe('a golden run of six steps and two waits', () => {
  let world: EngineWorld;
  let mortal: Mortals;
  beforeAll(async () => {
    world = await openEngineWorld();
    mortal = await mortals(world);
  });
  afterAll(() => world.close());

  /** Plays the run to its end; a worker dies once, if at all. */
  async function play(death?: Death) {
    const ctx = actor();
    const run = await world.create(ctx);
    const effects = new Map<number, number>();
    let pending = death;
    const dieAt = (step: number, when: Death['when']): void => {
      if (pending?.step !== step || pending.when !== when) return;
      pending = undefined;
      throw new Died();
    };
    const activate = async (turn: Turn): Promise<Activation> => {
      const from = (turn.answer as { readonly from: number } | undefined)?.from ?? 0;
      const until = ENDS.find((end) => end > from)!;
      let sum: Json = 0;
      for (let step = from + 1; step <= until; step++) {
        sum = await turn.effect(`step/${step}`, 'keyed', async () => {
          effects.set(step, (effects.get(step) ?? 0) + 1);
          dieAt(step, 'in its middle');
          return step * step;
        });
        dieAt(step, 'after it');
        await turn.tell(`told/${step}`, `golden.${step}`, { sum });
      }
      dieAt(until, 'before the turn ends');
      if (until === STEPS) return { kind: 'done', result: { sum } };
      const kind = until === ENDS[0] ? 'human' : 'timer';
      const wait = { kind, expiresInMs: kind === 'timer' ? 1 : 60_000, defaultAnswer: { from: until } } as const;
      return { kind: 'parked', wait: waitFor(`${run}/${until}`, wait) };
    };
    for (const end of ENDS) {
      while ((await mortal.live({ activate })) === 'died');
      if (end === ENDS[0])
        await world.db.tx(ctx, (tx) =>
          settle(tx, { tenantId: ctx.tenantId, kind: 'human', key: `${run}/${end}` }, { from: end }),
        );
      if (end === ENDS[1]) while ((await expireWaits(world.db)) === 0);
    }
    expect(pending).toBeUndefined();
    return { effects, ...(await leftBy(run)) };
  }

  async function leftBy(run: string) {
    const journal = await world.test.query('select no, name, result from runtime.step where run_id = $1 order by pos', [
      run,
    ]);
    const story = await world.test.query<{ seq: number; type: string; data: Json }>(
      `select type, data from runtime.run_event where run_id = $1 and type <> 'turn.reset' order by seq`,
      [run],
    );
    const [ended] = await world.test.query('select state, result from runtime.run where id = $1', [run]);
    return { journal, story, ended };
  }

  it('leaves the same journal, story and result wherever its worker dies, and does again only the step it died in', async () => {
    const golden = await play();
    expect(golden.ended).toEqual({ state: 'completed', result: { sum: 36 } });
    const numbers = Array.from({ length: STEPS }, (_, at) => at + 1);
    const deaths: Death[] = [
      ...numbers.flatMap((step) => [{ step, when: 'in its middle' } as const, { step, when: 'after it' } as const]),
      ...ENDS.map((step) => ({ step, when: 'before the turn ends' }) as const),
    ];
    for (const death of deaths) {
      const again = death.when === 'in its middle' ? death.step : 0;
      expect({ death, ...(await play(death)) }).toEqual({
        ...golden,
        death,
        effects: new Map(numbers.map((step) => [step, step === again ? 2 : 1])),
      });
    }
  });
});
