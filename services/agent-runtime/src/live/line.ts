import type { RunEvent, TokenFrame } from '@conclave/contracts';

/** One thing to tell viewers, put into bytes once for all of them. */
export interface Line {
  readonly json: Buffer;
  readonly sse: Buffer;
}

/** An event; its place in the story is what a cursor names. Text has none, for it is not kept. */
export interface EventLine extends Line {
  readonly seq: number;
}

/** An event as it is stored: its data is told as it was written. */
export interface StoredEvent extends Omit<RunEvent, 'at' | 'data'> {
  readonly at: Date;
  readonly data: string;
}

export function eventLine({ run, seq, type, at, data }: StoredEvent): EventLine {
  const head = JSON.stringify({ run, seq, type, at: at.toISOString() });
  const json = `${head.slice(0, -1)},"data":${data}}`;
  return { seq, json: Buffer.from(json), sse: Buffer.from(`id: ${seq}\nevent: ${type}\ndata: ${json}\n\n`) };
}

export function tokenLine(frame: TokenFrame): Line {
  const json = JSON.stringify(frame);
  return { json: Buffer.from(json), sse: Buffer.from(`event: token\ndata: ${json}\n\n`) };
}
