/** Decimal numbers of the C2SP log formats (tlog-checkpoint, tlog-proof). */
import { MalformedError } from './malformed-error.js';

/** ASCII decimal without leading zeroes, as sizes and indexes are written; at most 2^53 - 1. */
export function parseDecimal(text: string, format: string): number {
  const value = Number(text);
  if (!/^(?:0|[1-9][0-9]*)$/.test(text) || !Number.isSafeInteger(value)) {
    throw new MalformedError(format, 'not a decimal number within 2^53');
  }
  return value;
}
