import { runtime, type RunEvent } from '@conclave/contracts';
import type { Output } from '../output.js';
import { printable } from '../printable.js';

type Data = RunEvent['data'];

const styles = { yes: 'green', green: 'green', no: 'red', red: 'red', abstain: 'gray' } as const;

/** What a reader knows anyway: the run was named when it was begun, and its end is told by its result. */
const framing: ReadonlySet<string> = new Set([
  'run.created',
  'run.started',
  ...runtime.endedRunStates.map((state) => `run.${state}`),
]);
/** Longer news is cut here; `--json` readers follow the events themselves. */
const NEWS = 160;

/** Tells a run's story while it happens: one line per seat, and who is still awaited. */
export class Progress {
  private readonly awaited = new Set<string>();

  constructor(private readonly out: Output) {}

  tell({ run, type, data }: RunEvent): void {
    this.out.transient('');
    if (type === 'review.prepared') this.prepared(data);
    else if (type === 'seat.judged') this.judged(data);
    else if (type === 'decision.opened') this.line(`decision ${text(data['decision'])} is open`);
    else if (type === 'task.asked') this.asked(run, data);
    else if (!framing.has(type)) this.line(eventLine(type, data));
    this.out.transient(this.awaited.size > 0 ? `  … waiting for ${[...this.awaited].join(', ')}` : '');
  }

  reconnecting(): void {
    this.out.transient('  … the connection was lost, resuming');
  }

  /** Leaves the last line free. */
  end(): void {
    this.out.transient('');
  }

  private prepared(data: Data): void {
    const seats = Array.isArray(data['seats']) ? data['seats'] : [];
    for (const seat of seats) this.awaited.add(printable(text(seat)));
    this.line(`${seats.length} seats judge`);
  }

  private asked(run: string, { task, question }: Data): void {
    const name = text(task);
    this.line(
      `${printable(`${name} asks: ${text(question)}`.slice(0, NEWS))} (${this.out.typed('answer', run, name)})`,
    );
  }

  private judged(data: Data): void {
    const seat = printable(text(data['seat']));
    this.awaited.delete(seat);
    this.line(seatLine(this.out, { seat, vote: text(data['vote']), reason: text(data['reason']) }));
  }

  private line(line: string): void {
    if (!this.out.json) this.out.note(`  ${line}`);
  }
}

function eventLine(type: string, data: Data): string {
  const news = Object.entries(data).map(
    ([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return printable(`${type.padEnd(18)} ${news.join(', ')}`.trimEnd().slice(0, NEWS));
}

/** One seat on one line: who, how, why. */
export function seatLine(
  out: Output,
  { seat, vote, reason }: { readonly seat: string; readonly vote: string; readonly reason: string },
): string {
  const style = vote in styles ? styles[vote as keyof typeof styles] : 'gray';
  return `${printable(seat).padEnd(18)} ${out.styled(style, vote.padEnd(8))} ${printable(reason)}`.trimEnd();
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
