import type { RunEvent } from '@conclave/contracts';
import type { Output } from '../output.js';
import { printable } from '../printable.js';

type Data = RunEvent['data'];

const styles = { yes: 'green', green: 'green', no: 'red', red: 'red', abstain: 'gray' } as const;

/** Tells a run's story while it happens: one line per seat, and who is still awaited. */
export class Progress {
  private readonly awaited = new Set<string>();

  constructor(private readonly out: Output) {}

  tell({ type, data }: RunEvent): void {
    this.out.transient('');
    if (type === 'review.prepared') this.prepared(data);
    else if (type === 'seat.judged') this.judged(data);
    else if (type === 'decision.opened') this.line(`decision ${text(data['decision'])} is open`);
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

  private judged(data: Data): void {
    const seat = printable(text(data['seat']));
    this.awaited.delete(seat);
    this.line(seatLine(this.out, { seat, vote: text(data['vote']), reason: text(data['reason']) }));
  }

  private line(line: string): void {
    if (!this.out.json) this.out.note(`  ${line}`);
  }
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
