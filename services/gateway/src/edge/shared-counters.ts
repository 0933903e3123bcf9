/**
 * What is left of the rate limits, by the generic cell rate algorithm (ITU-T I.371): of each key one instant is kept, when
 * all it has used will have been given back. So there is no window whose end lets through twice as much at once, and a
 * refusal costs nothing.
 *
 * In Redis, shared by all replicas; while Redis is away each replica lets its own part through, so that an outage of the
 * cache tightens the limits and never lifts them.
 */
import { Redis } from 'ioredis';
import type { Logger } from 'pino';

/** In microseconds, by Redis' own clock. Answers how long to wait; 0 is "now", and only then something is used up. */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local free = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now) + ARGV[1]
local wait = free - ARGV[2] - now
if wait > 0 then return wait end
redis.call('SET', KEYS[1], string.format('%.0f', free), 'PX', math.ceil((free - now) / 1000))
return 0`;

/** Not that of the version that kept counts: each would misread what the other left. */
const PREFIX = 'conclave:edge:free:';
const REDIS_TIMEOUT_MS = 100;
/** After a failure Redis is left alone for this long, so that a hanging one costs one request its patience, not all. */
const AWAY_MS = 1_000;
const LOCAL_LIMIT = 20_000;

/** So many in so much time, all of them at once if nothing was used before. */
export interface Rate {
  readonly limit: number;
  readonly windowMs: number;
}

export class SharedCounters {
  /** When all that a key used will have been given back. */
  private readonly local = new Map<string, number>();
  private awayUntil = 0;

  private constructor(
    private readonly replicas: number,
    private readonly redis?: Redis,
  ) {}

  /** Connects, if it can. Without a URL there is one replica, and what it knows is all there is to know. */
  static async open(url: string | undefined, replicas: number, log: Logger): Promise<SharedCounters> {
    if (url === undefined) return new SharedCounters(1);
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
    return new SharedCounters(replicas, redis);
  }

  /** Uses one up, if one is left. @returns for how many milliseconds none is left; 0 when one was used */
  async take(key: string, rate: Rate): Promise<number> {
    if (!this.redis || Date.now() < this.awayUntil) return this.takeLocally(key, rate);
    try {
      const windowUs = rate.windowMs * 1_000;
      const interval = windowUs / rate.limit;
      return Number(await this.redis.eval(TAKE, 1, PREFIX + key, interval, windowUs)) / 1_000;
    } catch {
      this.awayUntil = Date.now() + AWAY_MS;
      return this.takeLocally(key, rate);
    }
  }

  close(): void {
    this.redis?.disconnect();
  }

  /** Each replica has its part of the rate, and one at least: so each that is used counts for all of them. */
  private takeLocally(key: string, { limit, windowMs }: Rate): number {
    const now = Date.now();
    const interval = (windowMs / limit) * this.replicas;
    const free = Math.max(this.local.get(key) ?? 0, now) + interval;
    const waitMs = free - Math.max(windowMs, interval) - now;
    if (waitMs > 0) return waitMs;
    this.local.delete(key);
    this.local.set(key, free);
    if (this.local.size > LOCAL_LIMIT) this.local.delete(this.local.keys().next().value!);
    return 0;
  }
}
