import { ConclaveError } from '@conclave/contracts';

const MAX_DAYS = 366;
const DEFAULT_DAYS = 30;
const DAY_MS = 86_400_000;

export interface DayRange {
  /** First and last day, ISO 8601, both included. */
  readonly from: string;
  readonly to: string;
}

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

/**
 * The days to report on: what was asked, or the thirty days up to `now`.
 *
 * @throws ConclaveError `request.invalid` when the range is backwards or longer than a leap year
 */
export function dayRange(
  asked: { readonly from?: string | undefined; readonly to?: string | undefined },
  now: number,
): DayRange {
  const to = asked.to ?? dayOf(now);
  const from = asked.from ?? dayOf(Date.parse(to) - (DEFAULT_DAYS - 1) * DAY_MS);
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
  if (days < 1) throw new ConclaveError('request.invalid', { issues: [{ path: 'from', message: 'lies after `to`' }] });
  if (days > MAX_DAYS)
    throw new ConclaveError('request.invalid', { issues: [{ path: 'from', message: `at most ${MAX_DAYS} days` }] });
  return { from, to };
}
