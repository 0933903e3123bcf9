import type { ServiceName } from '@conclave/contracts';
import { pino, type DestinationStream, type Logger, type LoggerOptions } from 'pino';
import { activeTraceId } from './tracing.js';

const SECRETS = ['authorization', 'cookie', 'token', 'secret', 'apiKey', 'key', 'password'];

/** JSON lines. Credentials that could slip into an object are cut out by name. Writes to stdout unless told. */
export function createLogger(service: ServiceName, level: string, to?: DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: [
        ...SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
        // ioredis tells the arguments of a failed command: a password, or somebody's text.
        'err.command.args',
      ],
      censor: '[redacted]',
    },
    mixin: () => {
      const traceId = activeTraceId();
      return traceId ? { traceId } : {};
    },
  };
  return to ? pino(options, to) : pino(options);
}
