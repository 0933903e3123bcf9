import { databaseEnvironment, loadConfig } from '@conclave/nest-kit';

/** What the rebuild job reads. */
export const rebuildEnvironment = () =>
  loadConfig('metrics', { DATABASE_SYSTEM_URL: databaseEnvironment.DATABASE_SYSTEM_URL }, process.env);
