/**
 * Events are stored for ever: a schema only grows by optional members, and a reader must parse every version that was
 * ever written (`fixtures/` holds one of each). Delivery is at least once and in order per (producer, lane).
 */
import { z } from 'zod';
import { idOf } from '../ids.js';
import { timestamp } from '../page.js';
import type { ServiceName } from '../contract.js';
import { actVerdict } from '../verdict.js';

export interface EventContract<T extends z.ZodType = z.ZodType> {
  readonly type: string;
  readonly producer: ServiceName;
  readonly consumers: readonly ServiceName[];
  readonly data: T;
  /** Audited events become entries of the tenant's log, for ever, with all their data but what is `personal`. */
  readonly audited: boolean;
  /**
   * Members of `data` that may name or describe a person, all of them texts: the log holds a salted commitment to them,
   * and whoever erases them leaves {@link ERASED} in their place.
   */
  readonly personal?: readonly string[];
  /** It stands in the operators' log and its `tenant` is another; of every other event it is the one whose log it is in. */
  readonly ofOperators?: true;
  /** There are many of them and nobody waits for what follows: consumers gather them for a moment. */
  readonly bulk?: true;
}

export function event<T extends z.ZodType>(spec: EventContract<T>): EventContract<T> {
  return spec;
}

/** What is left of a text that was erased. */
export const ERASED = 'erased';

/** An event as consumers receive it. */
export const eventEnvelope = z.object({
  id: idOf('event'),
  type: z.string(),
  tenantId: idOf('tenant'),
  actor: z.string(),
  at: timestamp,
  data: z.record(z.string(), z.unknown()),
  /** Optional, since what services do by themselves nobody had to permit, and older events do not tell. */
  verdict: actVerdict.optional(),
});
export type EventEnvelope = z.infer<typeof eventEnvelope>;

/**
 * Where an event stands in its producer's log. `epoch` rises with every start of the producer: its database may have been
 * restored meanwhile, and have forgotten places that consumers know.
 */
export const eventPosition = z.object({ lane: z.number().int(), epoch: z.number().int(), pos: z.number().int() });
export type EventPosition = z.infer<typeof eventPosition>;

/** Events of a tenant share a lane, so they keep their order. */
export const LANES = 16;

/** The lane of a tenant: FNV-1a (32 bit) of its id, so that every version of every service agrees. */
export function laneOf(tenantId: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < tenantId.length; i++) hash = Math.imul(hash ^ tenantId.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % LANES;
}

/** Subject of a producer's doorbell: one message per stamped batch. */
export const doorbellSubject = (producer: ServiceName) => `events.${producer}.rung`;
/** Subject of a producer's head beat. */
export const headSubject = (producer: ServiceName) => `events.${producer}.head`;
