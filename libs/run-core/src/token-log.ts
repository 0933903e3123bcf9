/**
 * The text of model calls that are under way, as viewers of a run see it. Frames come live and again from the backfill,
 * in the order of each call, perhaps with gaps: what is known is not told twice, and what a dead attempt said is
 * forgotten, also when it speaks on.
 */
import { Recent, type RecentLimits } from './recent.js';

/** A piece of text; `index` is the number of characters the call said before it. */
export interface TokenFrame {
  readonly type: 'token';
  readonly task: string;
  readonly turn: number;
  readonly attempt: number;
  readonly call: string;
  readonly index: number;
  readonly text: string;
}

/** An attempt that does not count any more. */
export type DeadAttempt = Pick<TokenFrame, 'task' | 'turn' | 'attempt'>;

export class TokenLog {
  private readonly recent: Recent<TokenFrame>;
  private position = 0;
  /** By turn: the first attempt whose text counts. */
  private readonly alive = new Map<string, number>();
  /** By call: where its known text ends. */
  private readonly ends = new Map<string, number>();

  constructor(limits: RecentLimits) {
    this.recent = new Recent(limits);
  }

  /** @returns whether it is news */
  add(frame: TokenFrame): boolean {
    const call = `${turnOf(frame)}/${frame.attempt}/${frame.call}`;
    if (frame.attempt < this.aliveFrom(frame) || frame.index < (this.ends.get(call) ?? 0)) return false;
    this.forget({ ...frame, attempt: frame.attempt - 1 });
    this.ends.set(call, frame.index + frame.text.length);
    this.recent.push(++this.position, frame, frame.text.length + FRAME_BYTES);
    return true;
  }

  /** Forgets what an attempt, or one before it, said in this turn. */
  forget({ task, turn, attempt }: DeadAttempt): void {
    if (attempt < this.aliveFrom({ task, turn })) return;
    this.alive.set(turnOf({ task, turn }), attempt + 1);
    this.recent.drop((frame) => frame.task === task && frame.turn === turn && frame.attempt <= attempt);
  }

  /** The frames after a position, of those still kept, and the position after them. */
  after(position: number): { readonly frames: readonly TokenFrame[]; readonly position: number } {
    const frames = this.recent.after(position) ?? this.recent.after(this.recent.oldest) ?? [];
    return { frames, position: this.position };
  }

  private aliveFrom(turn: Pick<TokenFrame, 'task' | 'turn'>): number {
    return this.alive.get(turnOf(turn)) ?? 0;
  }
}

/** What a frame weighs besides its text. */
const FRAME_BYTES = 128;

const turnOf = ({ task, turn }: Pick<TokenFrame, 'task' | 'turn'>): string => `${task}/${turn}`;
