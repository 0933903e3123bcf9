/**
 * Text of model calls under way, kept for whoever joins in the middle: a capped stream per run that goes by itself. It
 * is a convenience: without Redis there is no backfill, and nothing else changes.
 */
import { runtime, type TokenFrame } from '@conclave/contracts';
import { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { z } from 'zod';

const PREFIX = 'conclave:runtime:tokens:';
/** Entries are batches of some milliseconds. */
const ENTRIES = 2_000;
const TTL_MS = 15 * 60_000;
const TIMEOUT_MS = 250;

const entry = z.array(runtime.tokenFrame);

export class RedisTokens {
  private away = false;

  constructor(
    private readonly redis: Redis | undefined,
    private readonly log: Logger,
  ) {
    redis?.on('error', (error: Error) => this.lost(error)).on('ready', () => (this.away = false));
  }

  static open(url: string | undefined, log: Logger): RedisTokens {
    if (url === undefined) return new RedisTokens(undefined, log);
    const redis = new Redis(url, {
      commandTimeout: TIMEOUT_MS,
      connectTimeout: 1_000,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      enableAutoPipelining: true,
      retryStrategy: (attempt) => Math.min(attempt * 50, 1_000),
    });
    return new RedisTokens(redis, log);
  }

  append(tenantId: string, runId: string, frames: readonly TokenFrame[]): void {
    if (this.redis?.status !== 'ready') return;
    const key = keyOf(tenantId, runId);
    const kept = this.redis.xadd(key, 'MAXLEN', '~', ENTRIES, '*', 'f', JSON.stringify(frames));
    Promise.all([kept, this.redis.pexpire(key, TTL_MS)]).catch((error: Error) => this.lost(error));
  }

  /** What was said so far, as far as it is kept; nothing while Redis is away. */
  async read(tenantId: string, runId: string): Promise<TokenFrame[]> {
    if (this.redis?.status !== 'ready') return [];
    try {
      const newest = await this.redis.xrevrange(keyOf(tenantId, runId), '+', '-', 'COUNT', ENTRIES);
      return newest.reverse().flatMap(([, fields]) => entry.parse(JSON.parse(fields[1] ?? '[]')));
    } catch (error) {
      this.lost(error as Error);
      return [];
    }
  }

  /** Of a tenant that is erased. What cannot be reached now is gone by itself before long. */
  async forget(tenantId: string): Promise<void> {
    if (this.redis?.status !== 'ready') return;
    try {
      for await (const keys of this.redis.scanStream({ match: keyOf(tenantId, '*'), count: 1_000 }))
        if ((keys as string[]).length > 0) await this.redis.unlink(...(keys as string[]));
    } catch (error) {
      this.lost(error as Error);
    }
  }

  close(): void {
    this.redis?.disconnect();
  }

  /** Said once per outage. */
  private lost(error: Error): void {
    if (!this.away) this.log.warn({ err: error }, 'text of model calls is not kept: no backfill for viewers');
    this.away = true;
  }
}

const keyOf = (tenantId: string, runId: string): string => `${PREFIX}${tenantId}:${runId}`;
