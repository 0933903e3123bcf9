import { ConclaveError } from '@conclave/contracts';
import type { Refusal } from '@conclave/consensus-core';

/** A refusal of the core as one of the platform's: the codes are the same, the reason and place are its params. */
export function refused(
  { code, reason, path }: Refusal,
  params: Readonly<Record<string, unknown>> = {},
): ConclaveError {
  return new ConclaveError(code, { reason, ...(path !== undefined && { path }), ...params });
}
