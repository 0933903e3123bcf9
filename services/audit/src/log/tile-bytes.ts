import { formatEntryBundle, TILE_WIDTH, type Tile } from '@conclave/audit-core';
import type { Statements } from '@conclave/postgres-kit';
import type { LogName } from './log-name.js';
import type { PostgresLog } from './postgres-log.js';

/** A tile's bytes, as they are published and served: of a log that has it, the same at any time. */
export async function tileBytes(log: PostgresLog, db: Statements, name: LogName, tile: Tile): Promise<Uint8Array> {
  if (tile.level === 'entries') {
    const first = tile.index * TILE_WIDTH;
    return formatEntryBundle(await log.bodies(db, name, first, first + tile.width));
  }
  const [hashes] = await log.hashesOf(db, name, [tile]);
  return hashes!.subarray(0, 32 * tile.width);
}
