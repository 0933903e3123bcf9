import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readJson, writeJson } from '../json-file.js';
import { running, type ProcessRecord } from '../processes/records.js';
import { outerVariables } from '../services.js';
import { recordsDirOf } from '../stores/local-store.js';
import { codeHash } from './code-hash.js';
import type { SupervisorStatus } from './status.js';

/** Where an installation keeps things, below the checkout's `.conclave`. */
export interface Installation {
  readonly dataDir: string;
  readonly logDir: string;
  readonly devFile: string;
  readonly statusFile: string;
}

export const installation = (stateDir: string): Installation => ({
  dataDir: join(stateDir, 'data'),
  logDir: join(stateDir, 'logs'),
  devFile: join(stateDir, 'dev.json'),
  statusFile: join(stateDir, 'data', 'supervisor.json'),
});

const requestFile = ({ dataDir }: Installation) => join(dataDir, 'request.json');

/** Which call of `up` is to be served next. */
export const readRequest = (home: Installation) => readJson<{ id: string }>(requestFile(home))?.id ?? '';
export const writeRequest = (home: Installation, id: string) => writeJson(requestFile(home), { id });

export const readStatus = (home: Installation) => readJson<SupervisorStatus>(home.statusFile);

/** The supervisor of this installation, if it lives. */
export const livingSupervisor = ({ dataDir }: Installation): ProcessRecord | undefined =>
  running(recordsDirOf(dataDir), 'supervisor');

/** What makes a running supervisor unfit: other code of its own, or another outer environment to hand on. */
export function buildHash(outer: NodeJS.ProcessEnv): string {
  const environment = outerVariables.map((name) => `${name}=${outer[name] ?? ''}`).join('\n');
  return createHash('sha256').update(codeHash('libs/dev-env')).update(environment).digest('hex');
}
