import { parseTrustPolicy, type TrustPolicy } from '@conclave/verify';
import { useSyncExternalStore } from 'react';

const KEY = 'conclave.trust';
const listeners = new Set<() => void>();

/** A trust policy as the reader loaded it into this browser, read; `fault` says why it is none. */
export type LoadedTrust =
  { readonly text: string; readonly policy: TrustPolicy } | { readonly text: string; readonly fault: string };

/** Reads a trust file. */
export function readTrust(text: string): LoadedTrust {
  try {
    return { text, policy: parseTrustPolicy(text) };
  } catch (error) {
    return { text, fault: error instanceof Error ? error.message : String(error) };
  }
}

/** Keeps a trust file for this browser, or forgets it. Whoever can write here can run scripts here: it adds no risk. */
export function keepTrust(text: string | undefined): void {
  if (text === undefined) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, text);
  listeners.forEach((listener) => listener());
}

let last: LoadedTrust | undefined;
function current(): LoadedTrust | undefined {
  const text = localStorage.getItem(KEY);
  if (text === null) return (last = undefined);
  return last?.text === text ? last : (last = readTrust(text));
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  globalThis.addEventListener('storage', listener);
  return () => {
    listeners.delete(listener);
    globalThis.removeEventListener('storage', listener);
  };
}

/** The trust policy this browser goes by. It never comes from the platform that is being judged. */
export const useTrust = (): LoadedTrust | undefined => useSyncExternalStore(subscribe, current);
