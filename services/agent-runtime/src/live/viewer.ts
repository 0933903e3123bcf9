/**
 * One who watches a run, at its own pace: it is given what its wire takes and waits for it to drain, so nothing piles up
 * for it here. A wire that does not drain in time is cut, and its client goes on elsewhere from its cursor.
 */
import type { EventLine, Line } from './line.js';

/** A run's story, as far as those who watch it need it. */
export interface Story {
  /** Where it ends for good, once that is known. */
  readonly endsAt: number;
  /** The newest line there is. */
  readonly head: number;
  /** What comes after a place, when it is kept here. */
  after(cursor: number): readonly EventLine[] | undefined;
  /** What comes after it, when it has to be read. */
  page(cursor: number): Promise<EventLine[]>;
  textAfter(position: number): { readonly lines: readonly Line[]; readonly position: number };
}

/** Why viewing ends. */
export type Ending = 'ended' | 'draining' | 'slow' | 'gone';

/** A way to a client: server-sent events or a WebSocket. */
export interface Wire {
  /** Whether it has to drain before more is sent. */
  readonly full: boolean;
  send(lines: readonly Line[]): void;
  /** A sign of life. @returns false when the client gave none since the last one */
  beat(): boolean;
  /** Ends it; the client can go on after `cursor`. */
  end(ending: Ending, cursor: number): void;
}

/** What is sent at once before the wire is asked whether it takes more. */
const PORTION = 16;
const BEAT_MS = 10_000;

export class Viewer {
  private over = false;
  private reading = false;
  private textPosition = 0;
  private stalledSince: number | undefined;
  private beatAt = Date.now() + BEAT_MS;

  constructor(
    private readonly story: Story,
    private readonly wire: Wire,
    private readonly options: {
      readonly tokens: boolean;
      /** How long the wire may take to drain. */
      readonly patienceMs: number;
      readonly onOver: () => void;
    },
    private cursor: number,
  ) {}

  /** Gives the wire what it takes. */
  pump(): void {
    if (this.over || this.reading) return;
    while (!this.isStalled()) {
      if (this.cursor >= this.story.endsAt) return this.end('ended');
      const lines = this.story.after(this.cursor);
      if (!lines) return this.catchUp();
      if (lines.length === 0) return this.tellText();
      this.tell(lines);
    }
  }

  /** Goes on from another place. */
  seek(cursor: number): void {
    this.cursor = Math.min(cursor, this.story.head);
    this.pump();
  }

  /** Called every second. */
  tick(now: number): void {
    if (this.stalledSince !== undefined && now - this.stalledSince >= this.options.patienceMs) return this.end('slow');
    if (now >= this.beatAt && this.stalledSince === undefined) {
      this.beatAt = now + BEAT_MS;
      if (!this.wire.beat()) return this.end('gone');
    }
    this.pump();
  }

  end(ending: Ending): void {
    if (this.over) return;
    this.over = true;
    this.wire.end(ending, this.cursor);
    this.options.onOver();
  }

  private isStalled(): boolean {
    this.stalledSince = this.wire.full ? (this.stalledSince ?? Date.now()) : undefined;
    return this.stalledSince !== undefined;
  }

  private tell(lines: readonly EventLine[]): void {
    for (let from = 0; from < lines.length && !this.wire.full; from += PORTION) {
      const portion = lines.slice(from, from + PORTION);
      this.wire.send(portion);
      this.cursor = portion.at(-1)!.seq;
    }
  }

  private catchUp(): void {
    const { cursor } = this;
    this.reading = true;
    this.story.page(cursor).then(
      (lines) => {
        this.reading = false;
        if (this.over) return;
        // Meanwhile the client may have asked for another place.
        if (this.cursor === cursor) {
          if (lines.length === 0) this.cursor = this.story.head;
          else this.tell(lines);
        }
        this.pump();
      },
      () => (this.reading = false), // an outage: tried again with the next tick
    );
  }

  private tellText(): void {
    if (!this.options.tokens) return;
    const { lines, position } = this.story.textAfter(this.textPosition);
    this.textPosition = position;
    if (lines.length > 0) this.wire.send(lines);
  }
}
