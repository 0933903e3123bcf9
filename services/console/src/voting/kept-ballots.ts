/**
 * Ballots that were committed to and not revealed yet, with their salts. The platform has neither: without this copy
 * nobody can reveal the ballot. Whoever reads it could learn the vote early; only the passkey can reveal it.
 */
import { commitOf, type Ballot } from '@conclave/consensus-core';
import { useSyncExternalStore } from 'react';

/** What a reveal needs besides the passkey. */
export interface KeptBallot {
  readonly ballot: Ballot;
  readonly salt: string;
}

const keyOf = (decisionId: string, voterId: string): string => `conclave.ballot.${decisionId}.${voterId}`;
const listeners = new Set<() => void>();
const tell = (): void => listeners.forEach((listener) => listener());

export function keepBallot(kept: KeptBallot): void {
  localStorage.setItem(keyOf(kept.ballot.decisionId, kept.ballot.voterId), JSON.stringify(kept));
  tell();
}

export function forgetBallot(decisionId: string, voterId: string): void {
  localStorage.removeItem(keyOf(decisionId, voterId));
  tell();
}

/** Reads a kept ballot of this voter in this decision; undefined for anything else. */
export function readKept(text: string, decisionId: string, voterId: string): KeptBallot | undefined {
  try {
    const kept = JSON.parse(text) as KeptBallot;
    const own = kept.ballot.decisionId === decisionId && kept.ballot.voterId === voterId;
    return own && commitOf(kept.ballot, kept.salt) !== '' ? kept : undefined;
  } catch {
    return undefined;
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The ballot this browser keeps, as text. */
export const useKept = (decisionId: string, voterId: string): string | undefined =>
  useSyncExternalStore(subscribe, () => localStorage.getItem(keyOf(decisionId, voterId)) ?? undefined);
