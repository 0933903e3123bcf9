import { describe, expect, it } from '@jest/globals';
import type { z } from 'zod';
import { contracts } from './catalogue.js';
import { errorCatalogue } from './errors.js';
import { openApiDocument, type OpenApiOperation } from './openapi.js';

const document = openApiDocument();
const http = contracts.flatMap((contract) => (contract.http ? [{ contract, http: contract.http }] : []));

const plain = (path: string): string => path.replace('{+', '{');

function operationOf(path: string, method: string): OpenApiOperation {
  return document.paths[plain(path)]![method.toLowerCase()]!;
}

/** Every `$ref` below a value. */
function refs(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => (key === '$ref' ? [String(member)] : refs(member)));
}

describe('openApiDocument', () => {
  it('has every contract with an HTTP binding, once, and nothing else', () => {
    const spelled = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method} ${path}`),
    );
    expect(spelled.sort()).toEqual(
      http.map(({ http: { method, path } }) => `${method.toLowerCase()} ${plain(path)}`).sort(),
    );
    const ids = http.map(({ http: { method, path } }) => operationOf(path, method).operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(http)(
    'describes $contract.subject with its parameters, body, reply, refusals and stability',
    ({ contract, http: { path, method, status, stability } }) => {
      const operation = operationOf(path, method) as OpenApiOperation & {
        parameters?: { name: string; in: string; required?: boolean; schema: object }[];
        requestBody?: { content: Record<string, { schema?: { properties: object } }> };
      };
      const inPath = [...path.matchAll(/\{\+?(\w+)\}/g)].map((match) => match[1]);
      const parameters = operation.parameters ?? [];
      expect(parameters.filter((one) => one.in === 'path' && one.required).map(({ name }) => name)).toEqual(inPath);
      for (const { schema } of parameters) expect(schema).not.toEqual({});
      const carried = [
        ...parameters.map(({ name }) => name),
        ...Object.keys(operation.requestBody?.content['application/json']?.schema?.properties ?? {}),
      ];
      const members = Object.keys((contract.request as z.ZodObject).shape);
      expect(carried.filter((name) => name !== 'Idempotency-Key').sort()).toEqual(members.sort());
      expect(operation['x-stability']).toBe(stability);
      expect(operation['x-step-up']).toBe(contract.stepUp);
      expect(Object.keys(operation.responses)[0]).toBe(String(status ?? 200));
      for (const code of contract.errors)
        expect(JSON.stringify(operation.responses[errorCatalogue[code].status])).toContain(`"${code}"`);
    },
  );

  it('is closed under its references and is plain JSON', () => {
    for (const ref of refs(document)) expect(ref).toBe('#/components/schemas/Problem');
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  it('closes requests and leaves replies open', () => {
    const review = operationOf('/v1/reviews', 'POST') as OpenApiOperation & { requestBody: unknown };
    expect(JSON.stringify(review.requestBody)).toContain('"additionalProperties":false');
    expect(JSON.stringify(review.responses['202'])).not.toContain('"additionalProperties":false');
  });
});
