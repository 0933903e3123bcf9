/**
 * One run's story as this process tells it: read once for all who watch it. The newest lines are kept; whoever is behind
 * them reads pages of its own until it has caught up.
 */
import type { Actor } from '@conclave/postgres-kit';
import { Recent, TokenLog, type DeadAttempt, type TokenFrame } from '@conclave/run-core';
import { eventLine, tokenLine, type EventLine, type Line, type StoredEvent } from './line.js';
import type { PostgresStories, StoryHead } from './postgres-stories.js';
import type { RedisTokens } from './redis-tokens.js';
import type { Story, Viewer } from './viewer.js';

/** What is kept of a run that is being watched. */
const KEPT = { items: 512, bytes: 1_048_576 } as const;
const TEXT_KEPT = { items: 4_096, bytes: 1_048_576 } as const;
const ENDINGS: ReadonlySet<string> = new Set(['run.completed', 'run.failed', 'run.canceled', 'run.expired']);

export class RunStory implements Story {
  readonly viewers = new Set<Viewer>();
  /** Where the story ends for good, once that is known. */
  endsAt = Number.POSITIVE_INFINITY;
  private readonly recent: Recent<EventLine>;
  private readonly text = new TokenLog(TEXT_KEPT);
  private readonly lines = new WeakMap<TokenFrame, Line>();
  /** Live text that came while the backfill was read. */
  private early: TokenFrame[] | undefined = [];
  private backfill: Promise<void> | undefined;
  private reading = false;
  private again = false;

  constructor(
    private readonly parts: { readonly stories: PostgresStories; readonly tokens: RedisTokens },
    readonly reader: Actor,
    readonly id: string,
    head: StoryHead,
  ) {
    this.recent = new Recent(KEPT, head.head);
    if (head.ended) this.endsAt = head.head;
  }

  get head(): number {
    return this.recent.head;
  }

  /** The lines after a cursor, or undefined when they have to be read. */
  after(cursor: number): readonly EventLine[] | undefined {
    return this.recent.after(cursor);
  }

  /** A page of lines after a cursor, for one viewer that is behind. */
  async page(cursor: number): Promise<EventLine[]> {
    return (await this.parts.stories.page(this.reader, this.id, cursor)).events.map(eventLine);
  }

  textAfter(position: number): { readonly lines: readonly Line[]; readonly position: number } {
    const { frames, position: next } = this.text.after(position);
    return { lines: frames.map((frame) => this.lineOf(frame)), position: next };
  }

  /** Compares what is known with where the story stands; `undefined` when the run is gone. */
  compare(head: StoryHead | undefined): void {
    if (!head) this.endsAt = this.head;
    else if (head.ended) this.endsAt = Math.min(this.endsAt, head.head);
    if (head && head.head > this.head) this.look();
    else this.wake();
  }

  /** Reads what is new, once for however many ask meanwhile. */
  look(): void {
    this.again = true;
    if (!this.reading) void this.read().catch(() => undefined); // an outage: the next comparison finds what is missing
  }

  /** Live text, of this process or another. */
  hear(frames: readonly TokenFrame[]): void {
    if (!this.backfill) return; // nobody here asked for text
    if (this.early) this.early.push(...frames);
    else if (frames.filter((frame) => this.text.add(frame)).length > 0) this.wake();
  }

  /** Begins to keep text: what was said before, then what is said from now on. */
  wantText(): void {
    this.backfill ??= this.fill();
  }

  wake(): void {
    for (const viewer of [...this.viewers]) viewer.pump();
  }

  private async read(): Promise<void> {
    this.reading = true;
    try {
      while (this.again) {
        this.again = false;
        const { events, more } = await this.parts.stories.page(this.reader, this.id, this.head);
        for (const event of events) this.keep(event);
        if (more) this.again = true;
        if (events.length > 0) this.wake();
      }
    } finally {
      this.reading = false; // with the last look at `again`: whoever asks from here on begins anew
    }
  }

  private keep(event: StoredEvent): void {
    const line = eventLine(event);
    this.recent.push(event.seq, line, line.json.length + line.sse.length);
    if (event.type === 'turn.reset') this.text.forget(JSON.parse(event.data) as DeadAttempt);
    if (ENDINGS.has(event.type)) this.endsAt = Math.min(this.endsAt, event.seq);
  }

  private async fill(): Promise<void> {
    const resets = await this.parts.stories.resets(this.reader, this.id).catch(() => []);
    const said = await this.parts.tokens.read(this.reader.tenantId, this.id);
    for (const dead of resets) this.text.forget(dead);
    for (const frame of [...said, ...(this.early ?? [])]) this.text.add(frame);
    this.early = undefined;
    this.wake();
  }

  private lineOf(frame: TokenFrame): Line {
    const known = this.lines.get(frame);
    if (known) return known;
    const line = tokenLine(frame);
    this.lines.set(frame, line);
    return line;
  }
}
