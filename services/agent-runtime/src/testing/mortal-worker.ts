/** Workers that die where a test wants it: claims by hand, an agent's activation as in production, and a reaper. */
import type { AgentPort, Turn } from '../engine/agent-port.js';
import type { ClaimedTurn } from '../engine/claimed-turn.js';
import { activationOf } from '../engine/effects.js';
import { turnOf } from '../engine/turn-of.js';
import { LEASE_MS, type EngineWorld } from './engine-world.js';

/** Thrown where a worker dies: nothing after it happens. */
export class Died extends Error {
  override readonly name = 'Died';
}

/** After this long a reaper trusts what it sees. */
const steady = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, LEASE_MS + 50));

export interface Mortals {
  /** Claims what is ready and lets the agent do it, to its end or to its death; then another worker can have it. */
  live(agent: Pick<AgentPort, 'activate'>): Promise<'ended' | 'died'>;
  /** Claims what is ready for a worker that dies at once. */
  claimAndDie(): Promise<ClaimedTurn>;
}

export async function mortals(world: EngineWorld): Promise<Mortals> {
  const { test, db, engine, join, claimOne, finish } = world;
  const reaper = await join('wrk_reaper');
  await steady();
  let lives = 0;
  const born = async (): Promise<ClaimedTurn> => {
    const name = `wrk_mortal_${++lives}`;
    await test.query(`insert into runtime.worker (id, lock_key) values ($1, $2)`, [name, lives]);
    return claimOne(name);
  };
  const die = async ({ owner }: ClaimedTurn): Promise<void> => {
    await test.query('delete from runtime.worker where id = $1', [owner]);
    if ((await reaper.reap('wrk_reaper')) !== 1) throw new Error('the dead worker was not reaped');
  };
  return {
    async live(agent) {
      const claimed = await born();
      const turn: Turn = turnOf(claimed, new AbortController().signal, {
        engine,
        db,
        live: { changed: () => undefined, say: () => undefined },
        mustHold: () => undefined,
      });
      const whole: AgentPort = { name: 'a', giveUp: () => Promise.reject(new Error('given up')), ...agent };
      try {
        await finish(claimed, await activationOf(whole, turn, undefined));
        await test.query('delete from runtime.worker where id = $1', [claimed.owner]);
        return 'ended';
      } catch (error) {
        if (!(error instanceof Died)) throw error;
        await die(claimed);
        return 'died';
      }
    },
    async claimAndDie() {
      const claimed = await born();
      await die(claimed);
      return claimed;
    },
  };
}
