/** What is said of a store of keys that does not do what it was asked. Why, in its words, is for the log alone. */
import { ConclaveError } from '@conclave/contracts';

/** What an operator has to correct before asking again is of any use. */
export type Fault = 'address' | 'credentials' | 'permission' | 'key' | 'ciphertext' | 'answer';

/** It is set up in a way that lets it do nothing. */
export const misconfigured = (service: string, reason: Fault, cause: Error): ConclaveError =>
  new ConclaveError('service.misconfigured', { service, reason }, { cause });

/** It is away, slow or busy: the same request can succeed later. */
export const away = (service: string, cause: unknown): ConclaveError =>
  new ConclaveError('service.unavailable', { service }, { cause });
