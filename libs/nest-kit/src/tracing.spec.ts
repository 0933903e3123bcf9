import { describe, expect, it } from '@jest/globals';
import { SpanKind, activeTraceId, extractTrace, inSpan, injectTrace } from './tracing.js';

const kind = SpanKind.INTERNAL;

describe('trace ids without an exporter', () => {
  it('exist for every piece of work, and one for all of it', async () => {
    expect(activeTraceId()).toBeUndefined();
    const [outer, inner] = await inSpan({ name: 'outer', kind }, async () => {
      const own = activeTraceId();
      return [own, await inSpan({ name: 'inner', kind }, async () => activeTraceId())];
    });
    expect(outer).toMatch(/^[0-9a-f]{32}$/);
    expect(inner).toBe(outer);
    expect(await inSpan({ name: 'next', kind }, async () => activeTraceId())).not.toBe(outer);
  });

  it('travel as traceparent', async () => {
    await inSpan({ name: 'sender', kind }, async () => {
      const headers = injectTrace();
      expect(headers['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
      const received = await inSpan({ name: 'receiver', kind, parent: extractTrace(headers) }, async () =>
        activeTraceId(),
      );
      expect(received).toBe(activeTraceId());
    });
  });

  it.each([
    undefined,
    '',
    'nonsense',
    '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
    '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01',
  ])('start anew when traceparent is %j', async (traceparent) => {
    const id = await inSpan({ name: 'receiver', kind, parent: extractTrace({ traceparent }) }, async () =>
      activeTraceId(),
    );
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(id).not.toMatch(/^0+$|^4bf92f35/i);
  });

  it('are carried through promises and timers', async () => {
    await inSpan({ name: 'outer', kind }, async () => {
      const own = activeTraceId();
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(activeTraceId()).toBe(own);
    });
  });
});
