/**
 * The counters behind the rate limits: in Redis, shared by all replicas; while Redis is away each replica counts for
 * itself, every request double, so that an outage of the cache tightens the limits and never lifts them.
 */
import { Redis } from 'ioredis';
import type { Logger } from 'pino';

/** Count and time to live in one step: a counter without an end would lock its key out for ever. */
const COUNT = `
local current = redis.call('INCR', KEYS[1])
if current == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {current, redis.call('PTTL', KEYS[1])}`;

const PREFIX = 'conclave:edge:rate:';
const REDIS_TIMEOUT_MS = 100;
/** After a failure Redis is left alone for this long, so that a hanging one costs one request its patience, not all. */
const AWAY_MS = 1_000;
const LOCAL_LIMIT = 20_000;

export interface Count {
  readonly current: number;
  /** Until the counter starts anew. */
  readonly remainingMs: number;
}

export class SharedCounters {
  private readonly local = new Map<string, { current: number; endsAt: number }>();
  private awayUntil = 0;

  private constructor(private readonly redis?: Redis) {}

  /** Connects, if it can. Without a URL there is one replica, and its own count is the whole count. */
  static async open(url: string | undefined, log: Logger): Promise<SharedCounters> {
    if (url === undefined) return new SharedCounters();
    const redis = new Redis(url, {
      lazyConnect: true,
      commandTimeout: REDIS_TIMEOUT_MS,
      connectTimeout: 1_000,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      enableAutoPipelining: true, // requests that come together are counted with one write
      retryStrategy: (attempt) => Math.min(attempt * 50, 1_000),
    });
    redis.on('error', (error: Error) => log.warn({ err: error }, 'rate limits are counted without Redis'));
    await redis.connect().catch(() => undefined);
    return new SharedCounters(redis);
  }

  /** Counts one more in the key's current window. */
  async increment(key: string, windowMs: number): Promise<Count> {
    if (!this.redis) return this.incrementLocally(key, windowMs, 1);
    if (Date.now() < this.awayUntil) return this.incrementLocally(key, windowMs, 2);
    try {
      const [current, remainingMs] = (await this.redis.eval(COUNT, 1, PREFIX + key, windowMs)) as [number, number];
      return { current, remainingMs };
    } catch {
      this.awayUntil = Date.now() + AWAY_MS;
      return this.incrementLocally(key, windowMs, 2);
    }
  }

  close(): void {
    this.redis?.disconnect();
  }

  private incrementLocally(key: string, windowMs: number, weight: number): Count {
    const now = Date.now();
    const known = this.local.get(key);
    const counter = known && known.endsAt > now ? known : { current: 0, endsAt: now + windowMs };
    counter.current += weight;
    this.local.delete(key);
    this.local.set(key, counter);
    if (this.local.size > LOCAL_LIMIT) this.local.delete(this.local.keys().next().value!);
    return { current: counter.current, remainingMs: counter.endsAt - now };
  }
}
