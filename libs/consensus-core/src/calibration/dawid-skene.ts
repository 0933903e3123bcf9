/**
 * How often observers err, when nobody knows the truth: expectation maximisation over what they said.
 *
 * Source: A. P. Dawid and A. M. Skene, "Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm"
 * (1979), equations 2.3 to 2.5, started from the share of observers for each class (3.1).
 * Invariants: the order of items and observers is the caller's and fixes every sum; only the four operations that IEEE
 * 754 defines exactly are used, so every machine comes to the same figures; a fixed number of rounds bounds the work.
 */
import { logOddsMilli } from './reputation.js';

/** What was said of one item: observers and classes by number, an observer as often as it spoke. */
export type Observations = readonly (readonly [observer: number, said: number])[];

export interface Estimate {
  /** Per class how frequent it is. */
  readonly marginals: readonly number[];
  /** `rates[observer][truth][said]`. */
  readonly rates: readonly (readonly (readonly number[])[])[];
  /** Per item how likely each class is. */
  readonly classes: readonly (readonly number[])[];
  readonly rounds: number;
}

interface Size {
  readonly observers: number;
  readonly classes: number;
}

const MOST_ROUNDS = 100;
const TOLERANCE = 1e-9;

/** Estimates error rates, class frequencies and the items' classes. `items` must not be empty, nor any of them. */
export function estimateErrors(items: readonly Observations[], size: Size): Estimate {
  let classes = items.map((said) => shares(said, size));
  let known: ReturnType<typeof maximise> | undefined;
  for (let rounds = 1; ; rounds++) {
    const next = maximise(items, classes, size);
    classes = items.map((said) => expectation(said, next, size));
    const settled = known !== undefined && distance(known, next) < TOLERANCE;
    if (settled || rounds === MOST_ROUNDS) return { ...next, classes, rounds };
    known = next;
  }
}

/** Per observer the weight its accuracy earns, in thousandths: as with known outcomes, from the estimated ones. */
export function weightsOfEstimate({ marginals, rates }: Estimate): number[] {
  return rates.map((ofObserver) => {
    const accuracy = marginals.reduce((sum, share, truth) => sum + share * ofObserver[truth]![truth]!, 0);
    const billionths = BigInt(Math.round(accuracy * 1e9));
    return logOddsMilli(billionths, 1_000_000_000n - billionths);
  });
}

const zeros = (length: number): number[] => new Array<number>(length).fill(0);

function scaled(values: readonly number[]): number[] {
  const sum = values.reduce((total, value) => total + value, 0);
  return sum > 0 ? values.map((value) => value / sum) : [...values];
}

function shares(said: Observations, { classes }: Size): number[] {
  const counts = zeros(classes);
  for (const [, label] of said) counts[label]! += 1;
  return scaled(counts);
}

function maximise(items: readonly Observations[], classes: readonly (readonly number[])[], size: Size) {
  const sums = zeros(size.classes);
  const rates = Array.from({ length: size.observers }, () => sums.map(() => zeros(size.classes)));
  for (const [item, said] of items.entries()) {
    for (const truth of sums.keys()) {
      sums[truth]! += classes[item]![truth]!;
      for (const [observer, label] of said) rates[observer]![truth]![label]! += classes[item]![truth]!;
    }
  }
  return { marginals: sums.map((sum) => sum / items.length), rates: rates.map((rows) => rows.map(scaled)) };
}

/** Scaled after every observation, so that many of them do not vanish. */
function expectation(
  said: Observations,
  { marginals, rates }: Pick<Estimate, 'marginals' | 'rates'>,
  size: Size,
): number[] {
  let likely = [...marginals];
  for (const [observer, label] of said) {
    likely = scaled(likely.map((chance, truth) => chance * rates[observer]![truth]![label]!));
  }
  return likely.some((chance) => chance > 0) ? likely : shares(said, size);
}

function distance(a: Pick<Estimate, 'marginals' | 'rates'>, b: Pick<Estimate, 'marginals' | 'rates'>): number {
  const flat = ({ marginals, rates }: typeof a) => [...marginals, ...rates.flat(2)];
  const others = flat(b);
  return flat(a).reduce((sum, value, at) => sum + Math.abs(value - others[at]!), 0);
}
