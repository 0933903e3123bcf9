/**
 * OpenAPI 3.1 of the public API, from the contracts alone: what is not a contract with an HTTP binding is not in it.
 * Requests are closed (unknown members are refused), replies are open (a newer service may say more).
 */
import { z } from 'zod';
import { contracts } from './catalogue.js';
import type { Contract, HttpBinding } from './contract.js';
import { errorCatalogue, type ErrorCode } from './errors.js';

type Json = { readonly [member: string]: unknown };

/** A document whose operations are reached by path and lower-case method. */
export interface OpenApiDocument extends Json {
  readonly openapi: '3.1.0';
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
}

export interface OpenApiOperation extends Json {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly responses: Readonly<Record<string, Json>>;
  readonly 'x-stability': HttpBinding['stability'];
}

const EVERYWHERE: readonly ErrorCode[] = [
  'request.invalid',
  'request.malformed',
  'auth.unauthenticated',
  'auth.forbidden',
  'auth.second-factor.required',
  'request.rate-limited',
  'service.internal',
  'service.unavailable',
  'service.misconfigured',
  'request.deadline',
];
const ON_WRITES: readonly ErrorCode[] = ['auth.csrf', 'request.idempotency-key'];
const WITH_BODY: readonly ErrorCode[] = ['request.media-type', 'request.too-large'];
export const STEP_UP: readonly ErrorCode[] = ['auth.step-up.required', 'auth.proof.too-old'];
const WITH_KEY: readonly ErrorCode[] = ['request.idempotency-mismatch', 'request.idempotency-forgotten'];

/** The document; `paths` adds operations that are no contracts. */
export function openApiDocument(paths: OpenApiDocument['paths'] = {}): OpenApiDocument {
  const own: Record<string, Record<string, OpenApiOperation>> = {};
  for (const contract of contracts) {
    if (!contract.http) continue;
    const { method } = contract.http;
    // OpenAPI has no word for the rest of a path: whoever fills it in keeps its slashes.
    const path = contract.http.path.replace('{+', '{');
    own[path] = { ...own[path], [method.toLowerCase()]: operation(contract, contract.http) };
  }
  for (const [path, item] of Object.entries(paths)) own[path] = { ...own[path], ...item };
  const sorted = Object.keys(own)
    .sort()
    .map((path) => [path, own[path]!] as const);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Conclave',
      version: 'v1',
      description: 'Refusals are RFC 9457 problem documents with a stable `code`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ apiKey: [] }, { signIn: [] }],
    tags: [...new Set(sorted.flatMap(([, item]) => Object.values(item).flatMap(({ tags }) => tags)))].map((name) => ({
      name,
    })),
    paths: Object.fromEntries(sorted),
    components: {
      schemas: { Problem: PROBLEM },
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'An API key.' },
        signIn: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-conclave',
          description: 'The cookie of POST /v1/sign-ins; writes repeat `csrf` in the header x-conclave-csrf.',
        },
      },
    },
  };
}

function operation(contract: Contract, http: HttpBinding): OpenApiOperation {
  const writes = http.method !== 'GET';
  const { path, rest } = splitRequest(contract, http);
  const inBody = writes && http.method !== 'DELETE';
  const streamed = inBody && contract.transport === 'stream';
  const codes = new Set<ErrorCode>([
    ...EVERYWHERE,
    ...(writes ? ON_WRITES : []),
    ...(contract.stepUp ? STEP_UP : []),
    ...(inBody ? WITH_BODY : []),
    ...(inBody && !streamed ? WITH_KEY : []),
    ...contract.errors,
  ]);
  const parameters = [
    ...Object.entries(path).map(([name, schema]) => ({ name, in: 'path', required: true, schema })),
    ...(inBody ? [] : queryParameters(rest)),
    ...(inBody && !streamed ? [IDEMPOTENCY_KEY] : []),
  ];
  return {
    operationId: contract.subject.replace(/\.v\d+\./, '.'),
    summary: http.summary,
    tags: [http.tag],
    'x-stability': http.stability,
    ...(contract.permission === 'none' ? {} : { 'x-permission': contract.permission }),
    ...(contract.stepUp ? { 'x-step-up': true } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(inBody ? { requestBody: requestBody(streamed, rest) } : {}),
    responses: { [http.status ?? 200]: success(contract, http), ...problemResponses(codes) },
  };
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'The same key with the same request answers with the first reply.',
  schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,200}$' },
} as const;

interface ObjectSchema {
  readonly properties: Readonly<Record<string, Json>>;
  readonly required: readonly string[];
}

/** The members that go into the path, and the others. */
function splitRequest({ request }: Contract, { path }: HttpBinding) {
  const schema = jsonSchema(request, 'input') as Json & Partial<ObjectSchema>;
  const inPath = new Set([...path.matchAll(/\{\+?(\w+)\}/g)].map((match) => match[1]!));
  const members = Object.entries(schema.properties ?? {});
  return {
    path: Object.fromEntries(members.filter(([name]) => inPath.has(name))),
    rest: {
      ...schema,
      properties: Object.fromEntries(members.filter(([name]) => !inPath.has(name))),
      required: (schema.required ?? []).filter((name) => !inPath.has(name)),
    },
  };
}

const queryParameters = ({ properties, required }: ObjectSchema) =>
  Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));

function requestBody(streamed: boolean, schema: ObjectSchema): Json {
  if (streamed) return { required: true, content: { 'application/octet-stream': {} } };
  return { required: schema.required.length > 0, content: { 'application/json': { schema } } };
}

function success({ transport, reply }: Contract, { method, produces, mediaTypes }: HttpBinding): Json {
  const types = mediaTypes ?? [produces === 'text' ? 'text/plain' : 'application/json'];
  const schema = jsonSchema(reply, 'output');
  if (produces === 'bytes') return { description: 'Done.', content: { 'application/octet-stream': {} } };
  if (transport === 'stream' && method === 'GET' && produces === undefined)
    return {
      description: 'Each event’s data is one JSON document.',
      content: { 'text/event-stream': { schema: { type: 'string' } } },
      'x-event-data': schema,
    };
  return { description: 'Done.', content: Object.fromEntries(types.map((type) => [type, { schema }])) };
}

/** Responses for refusals, by status; each names the codes it may carry. */
export function problemResponses(codes: Iterable<ErrorCode>): Readonly<Record<string, Json>> {
  const byStatus = Map.groupBy(codes, (code) => errorCatalogue[code].status);
  return Object.fromEntries(
    [...byStatus].sort(([a], [b]) => a - b).map(([status, here]) => [String(status), problemResponse(here.sort())]),
  );
}

function problemResponse(codes: readonly ErrorCode[]): Json {
  const schema = { $ref: '#/components/schemas/Problem', properties: { code: { enum: codes } } };
  const description = codes.map((code) => `\`${code}\`: ${errorCatalogue[code].title}`).join(' ');
  return { description, content: { 'application/problem+json': { schema } } };
}

const PROBLEM = {
  description: 'RFC 9457 problem details; further members are parameters of the code.',
  type: 'object',
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    action: { type: 'string', description: 'What the caller or an operator can do.' },
    retryable: { type: 'boolean', description: 'Present when the same request may succeed later.' },
  },
  required: ['type', 'title', 'status', 'code', 'action'],
} as const;

/** JSON Schema draft 2020-12 of a schema; ids carry an example. */
export function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    override: ({ jsonSchema: made }) => {
      if (io === 'output' && made.additionalProperties === false) delete made.additionalProperties;
      // The same, for the many that know no classes of characters.
      if (made.pattern) made.pattern = made.pattern.replaceAll('\\P{Cc}', '[^\\u0000-\\u001f\\u007f-\\u009f]');
      const prefix = /^\^([a-z]{3}_)\[/.exec(made.pattern ?? '')?.[1];
      if (prefix) made.examples = [`${prefix}01h455vb4pex5vsknk084sn02q`];
    },
  });
  return json;
}
