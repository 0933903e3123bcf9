import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { actor, openEngineWorld, type EngineWorld } from '../testing/engine-world.js';
import { ENDS, deaths, goldenAgent, timesDone, waitKey, type Death } from '../testing/golden-agent.js';
import { Died, mortals, type Mortals } from '../testing/mortal-worker.js';
import type { Json } from './agent-port.js';
import { expireWaits, settle } from './postgres-waits.js';

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
    const agent = goldenAgent((step) => effects.set(step, (effects.get(step) ?? 0) + 1), dieAt);
    for (const end of ENDS) {
      while ((await mortal.live(agent)) === 'died');
      if (end === ENDS[0])
        await world.db.tx(ctx, (tx) =>
          settle(tx, { tenantId: ctx.tenantId, kind: 'human', key: waitKey(run, end) }, { from: end }),
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
    for (const death of deaths)
      expect({ death, ...(await play(death)) }).toEqual({ ...golden, death, effects: timesDone(death) });
  });
});
