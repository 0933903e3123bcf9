/**
 * Privileged acts take a proof of late that it is the person. Whoever does one without is asked for it, and then it is
 * done: the caller notices nothing but the time it took.
 */
import { ConclaveError } from '@conclave/contracts';

/** What is asked for: one of these factors; there may be none to show. */
export interface Asked {
  readonly factors: readonly string[];
  /** Whether one was shown. */
  readonly answer: (shown: boolean) => void;
}

let asked: Asked | undefined;
let answered: Promise<boolean> | undefined;
const listeners = new Set<() => void>();
const tell = (): void => listeners.forEach((listen) => listen());

/** For `useSyncExternalStore`. Nobody is asked while nobody listens. */
export const lateProof = {
  subscribe(this: void, listen: () => void): () => void {
    listeners.add(listen);
    return () => void listeners.delete(listen);
  },
  read: (): Asked | undefined => asked,
};

/** Does what may take a proof of late, and once more after it was shown. */
export async function withProof<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const isAsked = error instanceof ConclaveError && error.code === 'auth.step-up.required' && listeners.size > 0;
    if (!isAsked || !(await ask(factorsOf(error)))) throw error;
    return act();
  }
}

/** The second factors that a refusal says the person could show. */
export const factorsOf = ({ params: { factors } }: ConclaveError): readonly string[] =>
  Array.isArray(factors) ? factors.map(String) : [];

/** Several acts at once wait for one answer. */
function ask(factors: readonly string[]): Promise<boolean> {
  answered ??= new Promise<boolean>((resolve) => {
    asked = { factors, answer: resolve };
    tell();
  }).finally(() => {
    asked = answered = undefined;
    tell();
  });
  return answered;
}
