/**
 * What the processes of one service tell each other about runs. All of it may be lost: who missed the bell finds out by
 * looking, seconds later at most.
 */
import { z } from 'zod';
import type { ServiceName } from './contract.js';
import { idOf } from './ids.js';
import { tokenFrame } from './rpc/runtime.js';

export interface PeerSubject<Body extends z.ZodType = z.ZodType> {
  /** Its processes publish and subscribe; no other service does. */
  readonly owner: ServiceName;
  readonly subject: string;
  readonly body: Body;
}

const peerSubject = <Body extends z.ZodType>(spec: PeerSubject<Body>): PeerSubject<Body> => spec;

/** Turns can be claimed for which `from` has no room. */
export const turnsReady = peerSubject({
  owner: 'runtime',
  subject: 'runtime.v1.turn.ready',
  body: z.object({ from: z.string() }),
});

/** These runs were ended from outside: calls under way for them are in vain. */
export const runsEnded = peerSubject({
  owner: 'runtime',
  subject: 'runtime.v1.run.ended',
  body: z.object({ from: z.string(), runs: z.array(idOf('run')) }),
});

/** These runs have news: look at their events. `from` is the process that tells. */
export const runsChanged = peerSubject({
  owner: 'runtime',
  subject: 'runtime.v1.run.changed',
  body: z.object({ from: z.string(), runs: z.array(idOf('run')) }),
});

/** Text of model calls under way. */
export const tokensSaid = peerSubject({
  owner: 'runtime',
  subject: 'runtime.v1.token.said',
  body: z.object({
    from: z.string(),
    said: z.array(z.object({ tenantId: idOf('tenant'), run: idOf('run'), frames: z.array(tokenFrame) })),
  }),
});

export const peerSubjects: readonly PeerSubject[] = [turnsReady, runsEnded, runsChanged, tokensSaid];
