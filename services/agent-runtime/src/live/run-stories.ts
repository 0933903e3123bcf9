import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { TokenFrame } from '@conclave/contracts';
import { CONFIG, LOG, METRICS } from '@conclave/nest-kit';
import type { Actor } from '@conclave/postgres-kit';
import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import type { RuntimeConfig } from '../config.js';
import { PostgresStories, type StoryHead } from './postgres-stories.js';
import { RedisTokens } from './redis-tokens.js';
import { RunStory } from './run-story.js';
import { Viewer, type Wire } from './viewer.js';

/** Between two looks at all watched runs: news that nobody rang for is seen within this time. */
const LOOK_MS = 1_000;

export interface WatchRequest {
  readonly id: string;
  readonly after: number;
  readonly tokens: boolean;
}

/**
 * The runs that are being watched here. However many watch a run, its news are read once; and however many runs are
 * watched, whether there is news that nobody rang for is asked by one statement a second.
 */
@Injectable()
export class RunStories implements OnModuleInit, OnModuleDestroy {
  private readonly stories = new Map<string, RunStory>();
  private timer: NodeJS.Timeout | undefined;
  private looking = false;
  private closing = false;

  constructor(
    @Inject(PostgresStories) private readonly postgres: PostgresStories,
    @Inject(RedisTokens) private readonly tokens: RedisTokens,
    @Inject(CONFIG) private readonly config: Pick<RuntimeConfig, 'VIEWER_PATIENCE_MS'>,
    @Inject(LOG) private readonly log: Logger,
    @Inject(METRICS) metrics: Registry,
  ) {
    const { stories } = this;
    new Gauge({
      name: 'conclave_run_viewers',
      help: 'Clients that follow a run here.',
      registers: [metrics],
      collect() {
        this.set([...stories.values()].reduce((sum, { viewers }) => sum + viewers.size, 0));
      },
    });
  }

  onModuleInit(): void {
    this.timer = setInterval(() => void this.look(), LOOK_MS);
  }

  /** Clients go on at another replica and do not hold this one. */
  onModuleDestroy(): void {
    this.closing = true;
    clearInterval(this.timer);
    for (const viewer of this.viewers()) viewer.end('draining');
  }

  /** @throws ConclaveError `runtime.run.not-found` */
  head(ctx: Actor, id: string): Promise<StoryHead> {
    return this.postgres.head(ctx, id);
  }

  /** Begins to tell a run's story over a wire. `onOver` is called once, when that ends. */
  watch({ tenantId }: Actor, request: WatchRequest, head: StoryHead, wire: Wire, onOver: () => void): Viewer {
    const { id, after, tokens } = request;
    const known = this.stories.get(id);
    const story = known ?? new RunStory(this.parts(), { tenantId, actor: 'service:runtime' }, id, head);
    this.stories.set(id, story);
    const leave = (): void => {
      story.viewers.delete(viewer);
      if (story.viewers.size === 0 && this.stories.get(id) === story) this.stories.delete(id);
      onOver();
    };
    const options = { tokens, patienceMs: this.config.VIEWER_PATIENCE_MS, onOver: leave };
    const viewer = new Viewer(story, wire, options, Math.min(after, head.head));
    story.viewers.add(viewer);
    if (tokens) story.wantText();
    if (this.closing) viewer.end('draining');
    else viewer.pump();
    // What was committed between the head's reading and here rang for nobody.
    if (!known) story.look();
    return viewer;
  }

  changed(runId: string): void {
    this.stories.get(runId)?.look();
  }

  /** What is said to be another tenant's than the run is nobody's. */
  said(tenantId: string, runId: string, frames: readonly TokenFrame[]): void {
    const story = this.stories.get(runId);
    if (story?.reader.tenantId === tenantId) story.hear(frames);
  }

  private parts() {
    return { stories: this.postgres, tokens: this.tokens };
  }

  private async look(): Promise<void> {
    const now = Date.now();
    for (const viewer of this.viewers()) viewer.tick(now);
    if (this.looking || this.stories.size === 0) return;
    this.looking = true;
    try {
      const watched = [...this.stories.values()];
      const heads = await this.postgres.heads(watched.map(({ id, reader }) => ({ id, tenantId: reader.tenantId })));
      for (const story of watched) story.compare(heads.get(story.id));
    } catch (error) {
      this.log.info({ err: error }, 'watched runs not looked at');
    } finally {
      this.looking = false;
    }
  }

  private viewers(): Viewer[] {
    return [...this.stories.values()].flatMap(({ viewers }) => [...viewers]);
  }
}
