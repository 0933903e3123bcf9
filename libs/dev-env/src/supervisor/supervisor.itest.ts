import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { Supervisor } from './supervisor.js';

it('does not die of a status that cannot be written, and writes it once there is room', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'supervisor-'));
  const told: string[] = [];
  let full = true;
  const supervisor = new Supervisor({
    dataDir: join(dir, 'data'),
    logDir: join(dir, 'logs'),
    devFile: join(dir, 'dev.json'),
    outer: {},
    onStatus: ({ state }) => {
      if (full) throw new Error('ENOSPC: no space left on device');
      told.push(state);
    },
  });
  await supervisor.stop();
  full = false;
  while (told.length === 0) await sleep(20);
  expect(told).toEqual(['stopping']);
  rmSync(dir, { recursive: true });
});
