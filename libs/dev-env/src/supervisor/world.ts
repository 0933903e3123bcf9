import { join } from 'node:path';
import type { ServiceName } from '@conclave/contracts';
import { readJson } from '../json-file.js';
import { openSecrets } from '../secrets.js';
import type { World } from '../services.js';
import { portsFileOf } from '../stores/local-store.js';
import type { DevFile } from './supervisor.js';

/** A running installation as its services were told of it. */
export function worldOf(
  dataDir: string,
  { postgres, nats, redis }: Pick<DevFile, 'postgres' | 'nats' | 'redis'>,
): World {
  return {
    secrets: openSecrets(join(dataDir, 'secrets.json')),
    stores: { postgres, nats, redis },
    ports: readJson<Record<ServiceName, number>>(portsFileOf(dataDir))!,
    dataDir,
    outer: process.env,
  };
}
