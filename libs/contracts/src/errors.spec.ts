import { describe, expect, it } from '@jest/globals';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { contracts } from './catalogue.js';
import { serviceNames } from './contract.js';
import { STEP_UP } from './openapi.js';
import {
  ConclaveError,
  errorCatalogue,
  errorOf,
  generalErrors,
  isRetryable,
  problemOf,
  type ErrorCode,
} from './errors.js';

const codes = Object.keys(errorCatalogue) as ErrorCode[];
const root = join(import.meta.dirname, '../../..');
const reserved = ['type', 'title', 'status', 'code', 'action', 'retryable'];

describe('error catalogue', () => {
  it.each(codes)('%s has a status, a title and an action', (code) => {
    const { status, title, action } = errorCatalogue[code];
    expect(code).toMatch(/^[a-z]+(\.[a-z]+(-[a-z]+)*){1,2}$/);
    expect(['request', 'route', 'service', ...serviceNames]).toContain(code.split('.')[0]);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(title).toMatch(/^[A-Z].*\.$/);
    expect(action).toMatch(/^[A-Z].*\.$/);
  });

  it('has no code that nothing gives', () => {
    const given = new Set<ErrorCode>([
      ...generalErrors,
      ...STEP_UP,
      ...contracts.flatMap((contract) => contract.errors),
    ]);
    expect(codes.filter((code) => !given.has(code))).toEqual([]);
  });

  it('has no code that no test provokes', () => {
    const tests = globSync('{libs,services}/*/src/**/*.{spec,itest}.{ts,tsx}', { cwd: root })
      .filter((file) => !file.startsWith('libs/contracts/'))
      .map((file) => readFileSync(join(root, file), 'utf8'));
    expect(codes.filter((code) => !tests.some((text) => text.includes(`'${code}'`)))).toEqual([]);
  });

  it('says of no refusal of the request itself that it can be retried unchanged', () => {
    expect(
      codes.filter((code) => isRetryable(code) && [400, 401, 403, 413, 415, 422].includes(errorCatalogue[code].status)),
    ).toEqual([]);
  });
});

describe('problem documents', () => {
  const param = fc.string().filter((name) => !reserved.includes(name) && name !== '__proto__');
  const params = fc.dictionary(param, fc.jsonValue(), { noNullPrototype: true });

  it('come back as the refusal they describe, over JSON too', () => {
    fc.assert(
      fc.property(fc.constantFrom(...codes), params, (code, given) => {
        const sent = JSON.parse(JSON.stringify(given)) as Record<string, unknown>;
        const back = errorOf(JSON.parse(JSON.stringify(problemOf(new ConclaveError(code, sent)))));
        expect(back).toBeInstanceOf(ConclaveError);
        expect(back.code).toBe(code);
        expect(back.params).toEqual(sent);
        expect(back.message).toBe(errorCatalogue[code].title);
      }),
    );
  });

  it('are those of RFC 9457, with the stable code', () => {
    expect(problemOf(new ConclaveError('request.too-large', { limitBytes: 10 }))).toEqual({
      type: 'urn:conclave:problem:request.too-large',
      title: 'The body is larger than this route accepts.',
      status: 413,
      code: 'request.too-large',
      action: 'Send less; `limitBytes` names the limit.',
      limitBytes: 10,
    });
    expect(problemOf(new ConclaveError('request.deadline'))).toMatchObject({ retryable: true });
  });

  it('keep their own members when a param has the same name', () => {
    const forged = { status: 200, code: 'ok', title: 'fine', type: 'x', action: 'none', retryable: true };
    const problem = problemOf(new ConclaveError('auth.forbidden', forged));
    expect(problem).toMatchObject({ status: 403, code: 'auth.forbidden', type: 'urn:conclave:problem:auth.forbidden' });
  });

  it.each([
    null,
    undefined,
    'text',
    7,
    [],
    {},
    { code: 5 },
    { code: 'no.such.code' },
    { code: 'toString' },
    { code: '__proto__' },
  ])('of an unknown shape or code become service.internal: %j', (problem) => {
    expect(errorOf(problem).code).toBe('service.internal');
  });
});
