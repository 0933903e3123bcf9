/** `npm run up`: hands the work to the supervisor, shows what it does, and plays the sample story once. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { alone } from '../../bin/alone.mjs';
import { phase } from '../../bin/phase.mjs';
import { readJson } from '../json-file.js';
import { stateDir } from '../paths.js';
import { end } from '../processes/records.js';
import { recordsDirOf } from '../stores/local-store.js';
import { playStory } from '../story/story.js';
import { provideTools } from '../stores/provide-tools.js';
import { installation, buildHash, livingSupervisor, readStatus, writeRequest } from '../supervisor/installation.js';
import { openLog } from '../supervisor/log-file.js';
import type { StepStatus, SupervisorStatus } from '../supervisor/status.js';
import type { DevFile } from '../supervisor/supervisor.js';

const home = installation(stateDir);
const words = process.argv.slice(2);

const onWait = (holder: string) => process.stdout.write(`  · Waiting for another \`npm run up\` (${holder}) …\n`);
process.exitCode = await alone(join(stateDir, 'cache', 'up.lock'), onWait, up);

async function up(): Promise<number> {
  const tools = await phase('Tools', async (say) => {
    const provided = await provideTools(['git', 'bubblewrap'], say);
    say([...provided.located.values()].map(({ name, version }) => `${name} ${version}`).join(', '));
    return provided;
  });
  if (tools.missing.includes('bubblewrap'))
    process.stdout.write('    Without bubblewrap nothing that runs programs can judge; such checks abstain.\n');
  const outer = { ...process.env, PATH: tools.path };
  const request = randomUUID();
  writeRequest(home, request);
  await summon(outer);
  const failure = await follow(request);
  if (failure) {
    process.stderr.write(`\n${failure}\n\nLogs: ${home.logDir}\n`);
    return 1;
  }
  const dev = readJson<DevFile>(home.devFile);
  if (!dev) throw new Error(`${home.devFile} was not written.`);
  const told = await tellStory(outer);
  process.stdout.write(summary(dev));
  return told ? 0 : 1;
}

/** Plays the sample story on the first call, later on demand. @returns false when it did not end as it should */
async function tellStory(env: NodeJS.ProcessEnv): Promise<boolean> {
  const played = join(home.dataDir, 'story-played');
  if (words.includes('--no-story') || (existsSync(played) && !words.includes('--story'))) return true;
  try {
    await playStory({ dataDir: home.dataDir, env, say: (text) => process.stdout.write(text) });
    writeFileSync(played, '');
    return true;
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\nLogs: ${home.logDir}\n`);
    return false;
  }
}

/**
 * Asks the living supervisor, or starts one; one built from other code or another environment is replaced, and so is
 * one that failed: it is about to end, and would take our call along.
 */
async function summon(outer: NodeJS.ProcessEnv): Promise<void> {
  const living = livingSupervisor(home);
  const status = readStatus(home);
  const fit = status?.build === buildHash(outer) && ['starting', 'ready'].includes(status.state);
  if (living && fit) {
    process.kill(living.pid, 'SIGHUP');
    return;
  }
  if (living)
    await phase('Stopping the previous one', () => end(recordsDirOf(home.dataDir), living, 'SIGTERM', 60_000));
  mkdirSync(home.logDir, { recursive: true });
  const log = openLog(join(home.logDir, 'supervisor.log'), { rotate: true });
  const daemon = spawn(process.execPath, [join(import.meta.dirname, '../supervisor/daemon.js')], {
    cwd: '/',
    env: outer,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  daemon.unref();
  for (let waited = 0; !livingSupervisor(home) && waited < 10_000; waited += 20) await sleep(20);
}

/** Shows each step of the supervisor while it lasts. @returns why it failed, if it did */
async function follow(request: string): Promise<string | undefined> {
  for (let shown = 0; ;) {
    const status = readStatus(home);
    const served = status?.request === request ? status : undefined;
    const step = served?.steps[shown];
    if (step) {
      shown += 1;
      await phase(step.title, (say) => untilDone(request, shown - 1, say)).catch(() => undefined);
    } else if (served?.state === 'ready') return undefined;
    else if (served?.state === 'failed' || served?.state === 'stopping') return served.error ?? 'It was stopped.';
    else if (!livingSupervisor(home)) return 'The supervisor ended; see supervisor.log.';
    else await sleep(20);
  }
}

async function untilDone(request: string, index: number, say: (detail: string) => void): Promise<void> {
  for (;;) {
    const status: SupervisorStatus | undefined = readStatus(home);
    const step: StepStatus | undefined = status?.request === request ? status.steps[index] : undefined;
    say(step?.detail ?? '');
    if (step?.state === 'done') return;
    if (step?.state === 'failed' || !livingSupervisor(home)) throw new Error('failed');
    await sleep(20);
  }
}

function summary({ console: url, gateway }: DevFile): string {
  return [
    '',
    '  Conclave is running.',
    '',
    `    Console    ${url}   (sign in with the apiKey of .conclave/dev.json; its operatorKey is for conclave admin: CONCLAVE_API_KEY)`,
    `    API        ${gateway}/v1   reference: ${gateway}/docs`,
    `    Logs       ${home.logDir}`,
    '    Story      npm run up -- --story   plays the sample again',
    '    Stop       npm run down',
    '',
    '  On a repository of your own:',
    '    npm exec conclave -- review --repo <directory>',
    '',
  ].join('\n');
}
