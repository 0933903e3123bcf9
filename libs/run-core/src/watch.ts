/**
 * Who of the other workers is dead, by what one process saw of them. Dead is who has not beaten for a lease, or whose
 * lock was held and is free at two looks in a row. What was seen before an outage of the database tells nothing after it:
 * all locks are free then, and until a worker was seen to hold its lock again, only its beats count. Times are in
 * milliseconds, of a clock of this process that nobody sets.
 */

/** Another worker as a look finds it. */
export interface Sighting {
  readonly id: string;
  /** Its last beat; null of one that holds something and is not enlisted, which has never beaten. */
  readonly beat: string | null;
  /** Whether its lock is. */
  readonly free: boolean;
  /** Whether it took its lock on the server that runs now. */
  readonly current: boolean;
}

/** What is known of another since the last outage. */
interface Known extends Pick<Sighting, 'beat' | 'free'> {
  readonly beatSeenAt: number;
  /** Whether its lock was seen held. */
  readonly held: boolean;
}

/** Whoever begins to look does not know what was before: so long a free lock tells nothing yet. */
const STEADY_MS = 1_000;

export class Watch {
  /** From when on a free lock tells of a death also of who was never seen to hold it; not at all after an outage. */
  private hintsFrom: number;
  private known: ReadonlyMap<string, Known> = new Map();

  /** @param steadySince since when every look succeeded */
  constructor(
    private readonly leaseMs: number,
    private steadySince: number,
  ) {
    this.hintsFrom = steadySince + STEADY_MS;
  }

  /** Of the others that a look finds, those who are dead by all that is known of them. */
  deadOf<S extends Sighting>(others: readonly S[], now: number): S[] {
    const before = this.known;
    const knownOf = ({ id, beat, free }: Sighting): Known => {
      const was = before.get(id);
      const beatSeenAt = was?.beat === beat ? was.beatSeenAt : now;
      return { beat, free, beatSeenAt, held: !free || (was?.held ?? false) };
    };
    this.known = new Map(others.map((other) => [other.id, knownOf(other)]));
    return others.filter(({ id, beat, free, current }) => {
      const { beatSeenAt, held } = this.known.get(id)!;
      if (now - (beat === null ? this.steadySince : beatSeenAt) >= this.leaseMs) return true;
      return free && before.get(id)?.free === true && current && (held || now >= this.hintsFrom);
    });
  }

  /** After an outage the living look dead, too. */
  forget(now: number): void {
    this.steadySince = now;
    this.hintsFrom = Infinity;
    this.known = new Map();
  }
}

/**
 * Whether a worker's lease may be over, by its own clock: one that was frozen, or could not beat, begins nothing more
 * that another may be doing by now.
 *
 * @param beatAt when the last beat that was answered began
 */
export const mayHaveLost = (beatAt: number, leaseMs: number, now: number): boolean => now - beatAt >= leaseMs;
