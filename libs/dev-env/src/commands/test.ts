/** `npm test`: real stores of its own in a temporary directory, Jest on the compiled tests, one closing line. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { phase } from '../../bin/phase.mjs';
import { repositoryRoot } from '../paths.js';
import { provideTools } from '../stores/provide-tools.js';
import { startStores } from '../stores/stores.js';
import { stopFlushing } from '../testing/stop-flushing.js';
import { closeTestRun, openTestRun, sweepAbandonedRuns } from '../testing/test-run.js';

const words = process.argv.slice(2);
/** Only the console is tested in a browser. */
const needsBrowser = !words.some(
  (word) => /^(\.\/)?(libs|services|helm)\//.test(word) && !word.includes('services/console'),
);
const secret = () => randomBytes(18).toString('base64url');

process.on('SIGINT', () => undefined);
await sweepAbandonedRuns();
const dataDir = openTestRun();
try {
  process.exitCode = await testRun();
} finally {
  closeTestRun(dataDir);
}

async function testRun(): Promise<number> {
  const tools = await phase('Tools', async (say) => {
    const provided = await provideTools(
      ['git', 'bubblewrap', 'softhsm', ...(needsBrowser ? (['chromium'] as const) : [])],
      say,
    );
    say(
      [...provided.located.values()].map(({ name, version }) => `${name} ${version}`).join(', ') +
        (provided.missing.length > 0 ? `; without ${provided.missing.join(', ')}` : ''),
    );
    return provided;
  });
  if (process.env['CI'] && tools.missing.length > 0) {
    process.stderr.write(`Nothing may go untested in CI, and there is no ${tools.missing.join(' and no ')}.\n`);
    return 1;
  }
  const stores = await phase('Stores', async (say) => {
    const passwords = { postgres: secret(), redis: secret() };
    const started = await startStores({ dataDir, logDir: join(dataDir, 'logs'), passwords, quickInit: true, say });
    say('PostgreSQL, NATS, Redis');
    return started;
  });
  try {
    if (stores.isLocal('postgres')) await stopFlushing(stores.urls.postgres);
    return await jest({
      PATH: tools.path,
      DATABASE_URL: stores.urls.postgres,
      NATS_URL: stores.urls.nats,
      REDIS_URL: stores.urls.redis,
      CONCLAVE_TEST_DIR: dataDir,
      SOFTHSM2_CONF: join(dataDir, 'softhsm2.conf'),
      CONCLAVE_CHROMIUM: tools.located.get('chromium')?.programs[0],
    });
  } finally {
    await stores.stop();
  }
}

function jest(env: NodeJS.ProcessEnv): Promise<number> {
  const options = '--experimental-vm-modules --disable-warning=ExperimentalWarning';
  const child = spawn(process.execPath, [join(repositoryRoot, 'node_modules/jest/bin/jest.js'), ...words], {
    cwd: repositoryRoot,
    stdio: 'inherit',
    env: { ...process.env, ...env, NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} ${options}`.trim() },
  });
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((done) => child.on('close', (code) => done(code ?? 1)));
}
