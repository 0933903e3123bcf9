import { flag } from '../operations/field.js';

/** For a key or a provider that somebody has got hold of. */
export const stopRuns = flag('runs', 'cancel what was started with it, too, and turn its triggers off', {
  name: 'stop-runs',
  value: 'cancel',
});
