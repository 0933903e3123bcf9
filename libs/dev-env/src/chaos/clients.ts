/**
 * Clients of the edge, as good ones are: what was not answered is sent again under the same Idempotency-Key, a stream
 * that breaks goes on after the last event seen. Now and then they hang up themselves, or ask twice at once. All that
 * they saw is in their stories.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '@conclave/contracts';
import type { Front } from './front.js';
import type { ClientAnswer, ClientStory, HeardEvent } from './history.js';
import { readEvents } from './read-events.js';

const CLIENTS = 4;
/** Longest that a request may take; the edge has its own limits below. */
const REQUEST_MS = 35_000;
const RETRY_MS = 200;
/** A client that gets nowhere for so long gives up, and says so. */
const PATIENCE_MS = 120_000;
/** How often one hangs up on its own request or stream, and asks twice at once. */
const [HANG_UP, TWICE] = [0.2, 0.2];
const HANG_UP_WITHIN_MS = 40;
const DELAY_MS = 300;
const OPTIONS = ['yes', 'no', 'never'] as const;
const ENDED: readonly string[] = ['run.completed', 'run.failed', 'run.canceled', 'run.expired'];

type Story = {
  -readonly [Key in keyof ClientStory]: ClientStory[Key] extends readonly (infer T)[] ? T[] : ClientStory[Key];
};

interface Reply {
  readonly status: number;
  readonly body: { readonly id?: string; readonly code?: string };
}

export class Clients {
  readonly stories: ClientStory[] = [];
  private readonly stopping = new AbortController();
  private working: readonly Promise<void>[] = [];

  constructor(private readonly front: Front) {}

  start(): void {
    this.working = Array.from({ length: CLIENTS }, () => this.work());
  }

  /** Resolves when what they have begun has ended, or they have given it up. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.working);
  }

  private async work(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const story: Story = { key: newId('event'), created: [], heard: [], streams: 0, answers: [], faults: [] };
      this.stories.push(story);
      const giveUpAt = performance.now() + PATIENCE_MS;
      await this.live(story, giveUpAt).catch((error: unknown) => story.faults.push(String(error)));
    }
  }

  private async live(story: Story, giveUpAt: number): Promise<void> {
    const run = runOf(story.key);
    const create = () => this.send(story, '/v1/runs', run, story.key, giveUpAt);
    const replies = await Promise.all(Math.random() < TWICE ? [create(), create()] : [create()]);
    for (const { status, body } of replies)
      if (status === 202 && body.id) story.created.push(body.id);
      else story.faults.push(`create: ${status} ${body.code}`);
    const [id] = story.created;
    if (id === undefined) return;
    let answering: Promise<unknown> | undefined;
    await this.follow(story, id, giveUpAt, ({ type, data }) => {
      if (type === 'task.asked') answering ??= this.answerAll(story, id, data['task'] as string, giveUpAt);
    });
    await answering;
  }

  /** Everybody at once, each with a word of their own. */
  private async answerAll(story: Story, id: string, task: string, giveUpAt: number): Promise<void> {
    await Promise.all(
      OPTIONS.map(async (answer) => {
        const key = `${story.key}/${answer}`;
        const { status, body } = await this.send(story, `/v1/runs/${id}/answers`, { task, answer }, key, giveUpAt);
        story.answers.push({ task, answer, status, code: body.code } satisfies ClientAnswer);
      }),
    );
  }

  /** Sends until there is an answer that another try would not change. */
  private async send(story: Story, path: string, body: object, key: string, giveUpAt: number): Promise<Reply> {
    for (;;) {
      const hangUp = Math.random() < HANG_UP ? Math.random() * HANG_UP_WITHIN_MS : REQUEST_MS;
      const reply = await this.ask(path, body, key, hangUp).catch(() => undefined);
      if (reply && !isPassing(reply)) return reply;
      if (reply?.status === 500) story.faults.push(`${path}: 500 ${reply.body.code}`);
      if (performance.now() > giveUpAt) throw new Error(`${path}: gave up, last with ${JSON.stringify(reply)}`);
      await sleep(Math.random() * RETRY_MS);
    }
  }

  private async ask(path: string, body: object, key: string, withinMs: number): Promise<Reply> {
    const response = await fetch(this.front.gateway + path, {
      method: 'POST',
      headers: { ...this.credential, 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(Math.max(1, Math.ceil(withinMs))),
    });
    return { status: response.status, body: (await response.json()) as Reply['body'] };
  }

  /** Follows the run to its end, and looks once more whether there is nothing after it. */
  private async follow(story: Story, id: string, giveUpAt: number, hear: (event: HeardEvent) => void): Promise<void> {
    for (let isOver = false; ;) {
      const from = story.heard.length;
      const ended = await this.stream(story, id, hear).catch(() => false);
      if (ended && isOver) return;
      isOver = ENDED.includes(story.heard.at(-1)?.type ?? '');
      if (performance.now() > giveUpAt) throw new Error(`stream of ${id}: gave up after ${story.heard.length} events`);
      if (!isOver && story.heard.length === from) await sleep(Math.random() * RETRY_MS);
    }
  }

  /** @returns whether the server ended it in good order */
  private async stream(story: Story, id: string, hear: (event: HeardEvent) => void): Promise<boolean> {
    const last = story.heard.at(-1)?.seq;
    const signal = AbortSignal.timeout(Math.random() < HANG_UP ? 1 + Math.random() * 1_000 : REQUEST_MS);
    const response = await fetch(`${this.front.gateway}/v1/runs/${id}/events`, {
      headers: { ...this.credential, ...(last !== undefined && { 'last-event-id': String(last) }) },
      signal,
    });
    if (!response.ok) {
      const { code } = (await response.json()) as Reply['body'];
      const { status } = response;
      if (status === 500 || !isPassing({ status })) story.faults.push(`stream: ${status} ${code}`);
      return false;
    }
    story.streams++;
    for await (const event of readEvents(response.body!)) {
      story.heard.push(event);
      hear(event);
    }
    return true;
  }

  private get credential() {
    return { authorization: `Bearer ${this.front.tenant.apiKey}` };
  }
}

/** Whether another try may be answered otherwise. */
const isPassing = ({ status }: Pick<Reply, 'status'>): boolean => status >= 500 || status === 429;

const runOf = (title: string): object => ({
  title,
  tasks: [
    { id: 'rest', agent: 'timer', input: { delayMs: Math.floor(Math.random() * DELAY_MS) } },
    {
      ...{ id: 'ask', agent: 'human', dependsOn: ['rest'] },
      input: { question: 'Shall it be?', options: OPTIONS.map((id) => ({ id, title: id })) },
    },
    { id: 'say', agent: 'compose', input: { value: { $from: 'ask' } }, dependsOn: ['ask'] },
  ],
});
