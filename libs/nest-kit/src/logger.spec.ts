import { describe, expect, it } from '@jest/globals';
import { Writable } from 'node:stream';
import { createLogger } from './logger.js';

function linesOf(write: (log: ReturnType<typeof createLogger>) => void): string {
  const chunks: string[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk.toString());
      done();
    },
  });
  write(createLogger('audit', 'info', sink));
  return chunks.join('');
}

describe('log', () => {
  it('is one JSON object per line, with the service and the level by name', () => {
    const line = JSON.parse(linesOf((log) => log.info({ size: 3 }, 'stored'))) as Record<string, unknown>;
    expect(line).toMatchObject({ level: 'info', service: 'audit', size: 3, msg: 'stored' });
    expect(new Date(line['time'] as string).getTime()).toBeGreaterThan(0);
  });

  it.each(['authorization', 'cookie', 'token', 'secret', 'apiKey', 'key', 'password'])(
    'never holds what is called %s, at any depth an object of ours has',
    (name) => {
      const text = linesOf((log) =>
        log.info({ [name]: 'hunter2', headers: { [name]: 'hunter2' }, request: { headers: { [name]: 'hunter2' } } }),
      );
      expect(text).not.toContain('hunter2');
      expect(text).toContain('[redacted]');
    },
  );

  it('holds which command of Redis failed, and none of its arguments', () => {
    const error = Object.assign(new Error('NOAUTH'), { command: { name: 'auth', args: ['default', 'hunter2'] } });
    const { err } = JSON.parse(linesOf((log) => log.warn({ err: error }, 'failed'))) as { err: object };
    expect(err).toMatchObject({ message: 'NOAUTH', command: { name: 'auth', args: '[redacted]' } });
  });

  it('says nothing below its level', () => {
    expect(linesOf((log) => log.debug('noise'))).toBe('');
  });
});
