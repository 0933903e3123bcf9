/** What the simulation of run-core proves of the model holds of the engine on Postgres by this. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { machines } from '@conclave/run-core';
import { declaredArrows } from '@conclave/run-core/engine-model';
import fc from 'fast-check';
import { ask, asked } from '../testing/engine-twins.js';
import { actor, openEngineWorld, type EngineWorld } from '../testing/engine-world.js';

/** Together they take every arrow. */
const SEEDS = [235, 610, 219, 238, 550, 355];

/** Notes every arrow that is taken. */
const NOTES = `
  create table public.taken (arrow text);
  create function public.note() returns trigger language plpgsql security definer as $$
    begin
      insert into public.taken values (format('%s: %s --> %s', tg_table_name, old.state, new.state));
      return null;
    end $$;
  ${Object.keys(machines)
    .map(
      (table) => `create trigger note after update of state on runtime.${table} for each row
        when (old.state <> new.state) execute function public.note()`,
    )
    .join(';')}`;

describe('the engine on Postgres, beside its model', () => {
  let world: EngineWorld;
  beforeAll(async () => {
    world = await openEngineWorld();
    await world.test.query(NOTES);
  });
  afterAll(() => world.close());

  it.each(SEEDS)('answers the same and has the same rows, whatever is asked of both (%i)', async (seed) => {
    await ask(world, fc.sample(asked, { seed, numRuns: 1 })[0]!);
  });

  it('has taken every arrow that is declared, and no other', async () => {
    const taken = await world.test.query<{ arrow: string }>('select distinct arrow from public.taken');
    expect(taken.map(({ arrow }) => arrow).sort()).toEqual(declaredArrows);
  });

  it('refuses a change of state that is not declared', async () => {
    const id = await world.create(actor());
    const leap = world.test.query(`update runtime.run set state = 'completed' where id = $1`, [id]);
    await expect(leap).rejects.toThrow('no arrow of run leads from queued to completed');
    const slip = world.test.query(
      `insert into runtime.run select (jsonb_populate_record(run, '{"id": "run_2", "state": "quued"}')).*
       from runtime.run where id = $1`,
      [id],
    );
    await expect(slip).rejects.toThrow('no arrow of run begins at quued');
  });
});
