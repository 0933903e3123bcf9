import { describe, expect, it } from '@jest/globals';
import { ConclaveError, errorCatalogue, type ErrorCode } from '@conclave/contracts';
import { refusalText } from './refusal-text.js';

describe('refusalText', () => {
  it('has words for every refusal there is, and never speaks of routes', () => {
    for (const code of Object.keys(errorCatalogue) as ErrorCode[]) {
      const { title, hint = '', code: shown } = refusalText(new ConclaveError(code));
      expect(title).not.toBe('');
      expect(shown).toBe(code);
      expect(`${title} ${hint}`).not.toMatch(/\/v1\/|undefined/);
    }
  });

  it('names what is missing, away or wrong', () => {
    const text = (code: ErrorCode, params: Record<string, unknown>) => {
      const { title, hint } = refusalText(new ConclaveError(code, params));
      return `${title} ${hint}`;
    };
    expect(text('auth.forbidden', { permission: 'run:cancel' })).toContain('run:cancel');
    expect(text('service.unavailable', { service: 'audit' })).toContain('The audit service');
    expect(text('service.unavailable', { url: 'http://x' })).toContain('cannot be reached');
    expect(text('service.internal', { requestId: 'r-1' })).toContain('r-1');
    expect(text('request.rate-limited', { retryAfterS: 3 })).toContain('in 3 s');
    expect(text('runtime.answer.unfit', { expected: ['ship', 'wait'] })).toContain('Expected: ship, wait.');
    expect(text('request.invalid', { issues: [{ path: 'url', message: 'Invalid URL' }] })).toContain(
      'url: Invalid URL',
    );
    expect(text('request.invalid', { issues: [{ path: 'id', message: 'odd' }] })).toContain('nothing at this address');
    expect(text('request.invalid', { issues: 'odd' })).toContain('Correct it');
  });

  it('takes anything that is no refusal for a fault of the console', () => {
    expect(refusalText(new Error('x is undefined'))).toEqual({ title: 'The console failed.', hint: 'x is undefined' });
    expect(refusalText('odd').hint).toBe('odd');
  });
});
