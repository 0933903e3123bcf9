/**
 * A run's events folded into what the page shows. Events this console does not know change nothing but the timeline,
 * so that a newer platform can tell more than it did.
 */
import { runtime, type Run, type RunEvent } from '@conclave/contracts';
import { z } from 'zod';

const over: ReadonlySet<Run['state']> = new Set(runtime.endedRunStates);

/** Whether nothing more will happen in the run. */
export const isOver = ({ state }: Pick<Run, 'state'>): boolean => over.has(state);

const judged = z.object({
  seat: z.string(),
  kind: z.enum(['gate', 'juror']),
  vote: z.string(),
  reason: z.string(),
  errors: z.number().catch(0),
  warnings: z.number().catch(0),
});
const prepared = z.object({
  subject: z.object({ repository: z.string(), base: z.string(), head: z.string(), tree: z.string() }),
  panel: z.object({ name: z.string(), source: z.string() }),
  notices: z.array(z.string()).catch([]),
  seats: z.array(z.string()),
});
const opened = z.object({ decision: z.string() });
const failed = z.object({ code: z.string(), message: z.string() });

/** A seat of the panel; without a judgement it is still at work. */
export interface Seat {
  readonly seat: string;
  readonly judgement?: z.infer<typeof judged>;
  /** When it had judged. */
  readonly at?: string;
}

/** A run as told so far. */
export interface RunStory {
  readonly prepared?: z.infer<typeof prepared>;
  readonly seats: readonly Seat[];
  readonly decision?: string;
  readonly failure?: z.infer<typeof failed>;
  readonly events: readonly RunEvent[];
}

export const untold: RunStory = { seats: [], events: [] };

/** The story with one more event. */
export function tell(story: RunStory, event: RunEvent): RunStory {
  return { ...story, ...newsOf(story, event), events: [...story.events, event] };
}

function newsOf(story: RunStory, { type, data, at }: RunEvent): Partial<RunStory> {
  switch (type) {
    case 'review.prepared': {
      const news = prepared.safeParse(data).data;
      return news ? { prepared: news, seats: news.seats.map((seat) => ({ seat })) } : {};
    }
    case 'seat.judged': {
      const judgement = judged.safeParse(data).data;
      if (!judgement) return {};
      const seat: Seat = { seat: judgement.seat, judgement, at };
      const known = story.seats.some((one) => one.seat === seat.seat);
      return {
        seats: known ? story.seats.map((one) => (one.seat === seat.seat ? seat : one)) : [...story.seats, seat],
      };
    }
    case 'decision.opened': {
      const news = opened.safeParse(data).data;
      return news ? { decision: news.decision } : {};
    }
    case 'run.failed': {
      const failure = failed.safeParse(data).data;
      return failure ? { failure } : {};
    }
    default:
      return {};
  }
}

const sentences: Readonly<Record<string, string>> = {
  'run.created': 'The run was submitted',
  'run.started': 'A worker took it up',
  'run.paused': 'The run was paused',
  'run.resumed': 'The run went on',
  'model.fell-back': 'Another model answered in place of the one that was asked',
  'run.steered': 'The run was told something',
  'review.prepared': 'The change was read and the panel seated',
  'decision.opened': 'The decision was opened',
  'run.completed': 'The run was completed',
  'run.failed': 'The run failed',
  'run.canceled': 'The run was canceled',
  'run.expired': 'The deadline of the run passed',
};
const asked = z.object({ task: z.string() });
const ofTask: Readonly<Record<string, string>> = { 'task.asked': 'asks a person', 'task.answered': 'was answered' };

/** An event in a sentence; one that is not known stands under its name. */
export function sentenceOf({ type, data }: RunEvent): string {
  const judgement = type === 'seat.judged' ? judged.safeParse(data).data : undefined;
  if (judgement) return `${judgement.seat} has judged`;
  const task = ofTask[type] === undefined ? undefined : asked.safeParse(data).data?.task;
  return task === undefined ? (sentences[type] ?? type) : `${task} ${ofTask[type]}`;
}
