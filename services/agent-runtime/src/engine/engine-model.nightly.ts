import { afterAll, beforeAll, it } from '@jest/globals';
import fc from 'fast-check';
import { ask, asked } from '../testing/engine-twins.js';
import { openEngineWorld, type EngineWorld } from '../testing/engine-world.js';

let world: EngineWorld;
beforeAll(async () => void (world = await openEngineWorld()));
afterAll(() => world.close());

it('answers as its model does and has the same rows, whatever nobody has asked before', async () => {
  await fc.assert(
    fc.asyncProperty(asked, (all) => ask(world, all)),
    { numRuns: 100, endOnFailure: true },
  );
}, 900_000);
