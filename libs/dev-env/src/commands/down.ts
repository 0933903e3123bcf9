/** `npm run down`: ends what `up` started and nothing else; `-- --purge` removes what it kept as well. */
import { rmSync } from 'node:fs';
import { phase } from '../../bin/phase.mjs';
import { stateDir } from '../paths.js';
import { end } from '../processes/records.js';
import { recordsDirOf } from '../stores/local-store.js';
import { endContainers } from '../stores/compose-store.js';
import { removeClusters } from '../stores/stores.js';
import { installation, livingSupervisor } from '../supervisor/installation.js';
import { endLeftovers } from '../supervisor/supervisor.js';

const home = installation(stateDir);
const purge = process.argv.includes('--purge');

await phase('Stop', async (say) => {
  const living = livingSupervisor(home);
  if (living) await end(recordsDirOf(home.dataDir), living, 'SIGTERM', 60_000);
  const left = await endLeftovers(home.dataDir);
  await endContainers(home.dataDir, 'stop');
  say(living || left > 0 ? 'everything stopped' : 'nothing was running');
  rmSync(home.devFile, { force: true });
});

if (purge)
  await phase('Purge', async (say) => {
    await endContainers(home.dataDir, 'remove');
    removeClusters(home.dataDir);
    for (const dir of [home.dataDir, home.logDir]) rmSync(dir, { recursive: true, force: true });
    say('data and logs removed');
    if (process.env['DATABASE_URL']) say('data and logs removed; the database named by DATABASE_URL was left as it is');
  });
