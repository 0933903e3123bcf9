import { Injectable } from '@nestjs/common';

/** Faults in a row after which a way is given a rest. */
const FAULTS = 3;
const REST_MS = 30_000;
/** A provider that asks for more is asked again anyway. */
const MAX_REST_MS = 300_000;

interface Standing {
  readonly faults: number;
  readonly restsUntil: number;
}

/**
 * Ways to models that this process lets rest: as long as the provider asked for, or a while after a few faults in a row.
 * Nobody but who has another way heeds it, so nothing is kept waiting by it.
 */
@Injectable()
export class ModelRests {
  private readonly standings = new Map<string, Standing>();

  isResting(way: string, now = Date.now()): boolean {
    return (this.standings.get(way)?.restsUntil ?? 0) > now;
  }

  answered(way: string): void {
    this.standings.delete(way);
  }

  failed(way: string, askedMs: number | undefined, now = Date.now()): void {
    const faults = (this.standings.get(way)?.faults ?? 0) + 1;
    const restMs = Math.min(Math.max(askedMs ?? 0, faults < FAULTS ? 0 : REST_MS), MAX_REST_MS);
    for (const [other, { restsUntil }] of this.standings)
      if (restsUntil + MAX_REST_MS < now) this.standings.delete(other);
    this.standings.set(way, { faults, restsUntil: now + restMs });
  }
}
