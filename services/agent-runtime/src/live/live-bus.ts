/**
 * Carries what happens to runs here to viewers everywhere: to this process's own at once, to those of other processes
 * over the bus in batches of some milliseconds. Nothing waits for it and nothing is kept but text, in Redis.
 */
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { newId, runsChanged, tokensSaid, type PeerSubject, type TokenFrame } from '@conclave/contracts';
import { KIT, decodeBody, encodeBody, publishGathered, type Kit } from '@conclave/nest-kit';
import type { z } from 'zod';
import { LiveRuns, type Said } from '../runs/live-runs.js';
import { RedisTokens } from './redis-tokens.js';
import { RunStories } from './run-stories.js';

const CHANGES_MS = 5;
const TEXT_MS = 20;
/** Of one message, well below what the bus takes. */
const RUNS_PER_MESSAGE = 5_000;
const TEXT_PER_MESSAGE = 200_000;
/** Of one frame: what a provider sends at once may be anything. */
const FRAME_CHARS = 16_000;

type Batch = z.output<typeof tokensSaid.body>['said'][number];

@Injectable()
export class LiveBus implements OnModuleInit, OnModuleDestroy {
  private readonly self = newId('event');
  private runs = new Set<string>();
  private text = new Map<string, Batch>();
  private changesDue: NodeJS.Timeout | undefined;
  private textDue: NodeJS.Timeout | undefined;

  constructor(
    @Inject(KIT) private readonly kit: Kit,
    @Inject(LiveRuns) private readonly live: LiveRuns,
    @Inject(RunStories) private readonly stories: RunStories,
    @Inject(RedisTokens) private readonly tokens: RedisTokens,
  ) {}

  onModuleInit(): void {
    this.live.listen(
      (runId) => this.changed(runId),
      (said) => this.said(said),
    );
    this.hear(runsChanged, ({ from, runs }) => {
      if (from === this.self) return;
      for (const run of runs) {
        this.stories.changed(run);
        this.live.heard(run);
      }
    });
    this.hear(tokensSaid, ({ from, said }) => {
      if (from !== this.self) for (const { tenantId, run, frames } of said) this.stories.said(tenantId, run, frames);
    });
  }

  onModuleDestroy(): void {
    clearTimeout(this.changesDue);
    clearTimeout(this.textDue);
    this.tokens.close();
  }

  private changed(runId: string): void {
    this.stories.changed(runId);
    this.runs.add(runId);
    this.changesDue ??= setTimeout(() => this.ring(), CHANGES_MS);
  }

  private ring(): void {
    const runs = [...this.runs];
    this.runs = new Set();
    this.changesDue = undefined;
    for (let from = 0; from < runs.length; from += RUNS_PER_MESSAGE)
      this.publish(runsChanged, { from: this.self, runs: runs.slice(from, from + RUNS_PER_MESSAGE) });
  }

  /** Pieces of one call that come together travel as one. */
  private said({ tenantId, runId, frame }: Said): void {
    const key = `${tenantId} ${runId}`;
    const batch: Batch = this.text.get(key) ?? { tenantId, run: runId, frames: [] };
    this.text.set(key, batch);
    const last = batch.frames.findLastIndex((other) => isSameCall(other, frame));
    const before = batch.frames[last];
    if (before && before.text.length + frame.text.length <= FRAME_CHARS)
      batch.frames[last] = { ...before, text: before.text + frame.text };
    else batch.frames.push(...piecesOf(frame));
    this.textDue ??= setTimeout(() => this.tell(), TEXT_MS);
  }

  private tell(): void {
    const said = [...this.text.values()];
    this.text = new Map();
    this.textDue = undefined;
    let message: Batch[] = [];
    let size = 0;
    for (const { tenantId, run, frames } of said) {
      this.stories.said(tenantId, run, frames);
      this.tokens.append(tenantId, run, frames);
      for (const frame of frames) {
        message.push({ tenantId, run, frames: [frame] });
        size += frame.text.length;
        if (size < TEXT_PER_MESSAGE) continue;
        this.publish(tokensSaid, { from: this.self, said: message });
        [message, size] = [[], 0];
      }
    }
    if (message.length > 0) this.publish(tokensSaid, { from: this.self, said: message });
  }

  private hear<Body extends z.ZodType>(
    { subject, body }: PeerSubject<Body>,
    heard: (body: z.output<Body>) => void,
  ): void {
    this.kit.nats.subscribe(subject, {
      callback: (_error, message) => {
        try {
          heard(body.parse(decodeBody(message.data)));
        } catch (error) {
          this.kit.log.warn({ err: error, subject }, 'not understood');
        }
      },
    });
  }

  /** Without the bus viewers elsewhere look by themselves. */
  private publish<Body extends z.ZodType>({ subject }: PeerSubject<Body>, body: z.input<Body>): void {
    try {
      publishGathered(this.kit.nats, subject, encodeBody(body));
    } catch (error) {
      this.kit.log.debug({ err: error, subject }, 'not published');
    }
  }
}

const isSameCall = (a: TokenFrame, b: TokenFrame): boolean =>
  a.task === b.task && a.turn === b.turn && a.attempt === b.attempt && a.call === b.call;

function piecesOf(frame: TokenFrame): TokenFrame[] {
  const pieces: TokenFrame[] = [];
  for (let from = 0; from < frame.text.length; from += FRAME_CHARS)
    pieces.push({ ...frame, index: frame.index + from, text: frame.text.slice(from, from + FRAME_CHARS) });
  return pieces;
}
