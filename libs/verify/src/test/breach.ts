/** How a receipt is spoilt by an insider, whose signatures hold. */
import { base64 } from '@conclave/audit-core';
import { recount, type Predicate } from '@conclave/consensus-core';
import type { StepName } from '../verdict.js';
import type { Draft } from './course.js';
import type { Stories } from './stories.js';
import { TRUST, written, type Vector, type Workshop } from './workshop.js';

export type Edit = (draft: Draft) => void;

export interface Bench {
  readonly workshop: Workshop;
  readonly stories: Stories;
}

export async function breach(
  { workshop }: Bench,
  [name, what]: readonly [name: string, what: string],
  predicate: Predicate,
  [exitCode, step]: readonly [number, StepName] = [4, 'ballots'],
  more: Parameters<Workshop['receipt']>[1] = {},
): Promise<Vector> {
  const file = await workshop.receipt({ predicate }, more);
  return { name, what, bytes: written(file), trust: TRUST, exitCode, step };
}

export const FORGED = [2, 'ballots'] as const;
export const RECOUNTED = [4, 'tally'] as const;
export const zeroes = { algorithm: 'ed25519', value: base64(new Uint8Array(64)) } as const;
export const spoken = (draft: Draft, at: number) => draft.discussion![at]!;

/** Exchanges the places of two events. */
export function swapped(draft: Draft, a: number, b: number): void {
  const events: { seq: number }[] = [
    ...draft.evidence,
    ...draft.ballots.flatMap(({ statements }) => statements),
    ...(draft.discussion ?? []),
    ...(draft.asked ?? []),
  ];
  const one = events.find(({ seq }) => seq === a)!;
  const other = events.find(({ seq }) => seq === b)!;
  [one.seq, other.seq] = [b, a];
}

/** The tally and the outcome that what is there now leads to. */
export function restated(draft: Draft): void {
  const again = recount(draft as unknown as Predicate);
  if (again.ok) Object.assign(draft, again.value);
}
