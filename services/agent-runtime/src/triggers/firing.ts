import { createHash } from 'node:crypto';
import { newId } from '@conclave/contracts';
import type { Json } from '../engine/agent-port.js';

/** One time that a trigger fires. What its tasks read under `trigger` is this, without the key. */
export interface Firing {
  /** Which one of the trigger's: the same firing is the same run. */
  readonly key: string;
  readonly kind: 'cron' | 'event' | 'webhook' | 'manual';
  readonly at: Date;
  readonly body?: Json;
  /** The type or key of an event. */
  readonly event?: string;
  /** How many triggers stand above this one, each fired by a run of the last. */
  readonly depth?: number;
  /** The key or the connection beneath what it was fired with by hand. */
  readonly rootCredential?: string | undefined;
  /** The delivery's own id. */
  readonly message?: string;
}

/** What the tasks of its run see. */
export function seenOf(trigger: string, { kind, at, body, event, depth }: Firing): { readonly [key: string]: Json } {
  return {
    ...{ trigger, kind, at: at.toISOString() },
    ...(event !== undefined && { event }),
    ...(depth !== undefined && { depth }),
    ...(body !== undefined && { body }),
  };
}

/** The run of a firing: derived, so that firing twice starts it once. */
export function runIdOf(tenantId: string, trigger: string, { key, at }: Firing): string {
  const digest = createHash('sha256').update(`conclave/trigger-run/v1\n${tenantId}\n${trigger}\n${key}`).digest();
  return newId('run', at.getTime(), () => new Uint8Array(digest.subarray(0, 16)));
}
