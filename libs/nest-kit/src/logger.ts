import type { ServiceName } from '@conclave/contracts';
import { pino, type Logger } from 'pino';
import { activeTraceId } from './tracing.js';

/** JSON lines on stdout. Credentials that could slip into an object are cut out by name. */
export function createLogger(service: ServiceName, level: string): Logger {
  return pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: ['*.authorization', '*.cookie', '*.token', '*.secret', '*.apiKey', '*.key', '*.password'],
      censor: '[redacted]',
    },
    mixin: () => {
      const traceId = activeTraceId();
      return traceId ? { traceId } : {};
    },
  });
}
