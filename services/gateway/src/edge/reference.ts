import { createHash } from 'node:crypto';
import {
  jsonSchema,
  openApiDocument,
  problemResponses,
  triggers,
  type Contract,
  type OpenApiDocument,
} from '@conclave/contracts';
import type { FastifyInstance } from 'fastify';
import { referencePage, STYLE } from './reference-page.js';
import { allow } from './security-headers.js';
import { askedOutside, move, waysIn } from './sign-ins.js';
import { proofContract, totpContract } from './step-up.js';

/** The public API as OpenAPI 3.1 at `/openapi.json` and as a page at `/docs`; both are made once from the contracts. */
export function registerReference(fastify: FastifyInstance): void {
  const document = openApiDocument({ ...signIns, ...hooks });
  serve('/openapi.json', 'application/json; charset=utf-8', JSON.stringify(document));
  const style = createHash('sha256').update(STYLE).digest('base64');
  serve('/docs', 'text/html; charset=utf-8', referencePage(document), `'sha256-${style}'`);

  function serve(path: string, type: string, body: string, styles?: string): void {
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    fastify.get(path, async (request, reply) => {
      reply.header('cache-control', 'no-cache').header('etag', etag);
      if (styles !== undefined) allow(reply, { styles });
      return request.headers['if-none-match'] === etag ? reply.status(304).send() : reply.type(type).send(body);
    });
  }
}

/** Whoever asks an owner on somebody's behalf can be refused so. */
const EVERYWHERE = [
  ...(['request.rate-limited', 'request.deadline'] as const),
  ...(['service.internal', 'service.unavailable', 'service.misconfigured'] as const),
] as const;
const WITH_BODY = ['request.invalid', 'request.malformed', 'request.media-type', 'request.too-large'] as const;

/** Deliveries to triggers: signed, and without a credential. */
const hooks: OpenApiDocument['paths'] = {
  '/v1/hooks/{id}': {
    post: {
      operationId: 'runtime.trigger.deliver',
      summary: 'Deliver a webhook to a trigger, signed as Standard Webhooks describes',
      tags: ['triggers'],
      'x-stability': 'beta',
      security: [],
      parameters: ['id', 'webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => ({
        name,
        in: name === 'id' ? 'path' : 'header',
        required: true,
        schema: { type: 'string' },
      })),
      requestBody: { required: true, content: { 'application/json': { schema: {} } } },
      responses: {
        '202': {
          description: 'Taken, now or before; `run` is what it started.',
          content: { 'application/json': { schema: { type: 'object', properties: { run: { type: 'string' } } } } },
        },
        ...problemResponses([...triggers.deliverHook.errors, ...WITH_BODY, ...EVERYWHERE]),
      },
    },
  },
};

/** An absent body is read as an empty object, which is enough where no member is required. */
const bodyOf = (schema: { readonly required?: unknown; readonly oneOf?: unknown }) => ({
  required: schema.required !== undefined || schema.oneOf !== undefined,
  content: { 'application/json': { schema } },
});
const requestOf = (contract: Contract) => jsonSchema(contract.request, 'input');

/** An operation for whoever is not known yet. */
const asked = (contract: Contract, operationId: string, summary: string): OpenApiDocument['paths'][string] => ({
  post: {
    ...{ operationId, summary, tags: ['identity'], 'x-stability': 'beta', security: [] },
    requestBody: bodyOf(requestOf(contract)),
    responses: {
      '200': {
        description: 'What was asked for.',
        content: { 'application/json': { schema: jsonSchema(contract.reply, 'output') } },
      },
      ...problemResponses([...contract.errors, ...WITH_BODY, ...EVERYWHERE]),
    },
  },
});

const OPENED = {
  description: 'Signed in; repeat `csrf` in the header x-conclave-csrf of every write.',
  content: {
    'application/json': {
      schema: {
        type: 'object',
        properties: { csrf: { type: 'string' }, expiresAt: { type: 'string', format: 'date-time' } },
        required: ['csrf', 'expiresAt'],
      },
    },
  },
};

const OPENED_WITH_CODES = {
  description: 'Added. `recoveryCodes`, when there were none before, are shown this once.',
  content: { 'application/json': { schema: openedWithCodes() } },
};

function openedWithCodes() {
  const { schema } = OPENED.content['application/json'];
  const recoveryCodes = { type: 'array', items: { type: 'string' } };
  return { ...schema, properties: { ...schema.properties, recoveryCodes } };
}

const shown = { tags: ['identity'], 'x-stability': 'beta', security: [{ signIn: [] }] } as const;
const refusalsOf = ({ errors }: Contract) =>
  problemResponses([...new Set([...errors, 'auth.csrf' as const, ...WITH_BODY, ...EVERYWHERE])]);

/** The operations that are the edge's own: they turn what people prove themselves with into a cookie, and back. */
const signIns: OpenApiDocument['paths'] = {
  '/v1/links/open': asked(
    askedOutside['/v1/links/open'],
    'link.open',
    'What a one-time link is for, and the options for the passkey that uses it up',
  ),
  '/v1/sign-in-options': asked(
    askedOutside['/v1/sign-in-options'],
    'sign-in-option.list',
    'Which providers people of a tenant or an e-mail domain sign in through',
  ),
  '/v1/sign-ins/challenges': asked(
    askedOutside['/v1/sign-ins/challenges'],
    'sign-in.challenge',
    'The options for a passkey that signs in',
  ),
  '/v1/sign-ins': {
    post: {
      operationId: 'sign-in.create',
      summary: 'Sign a browser in with an API key, a passkey or a one-time link; sets an HttpOnly cookie',
      tags: ['identity'],
      'x-stability': 'stable',
      security: [],
      requestBody: bodyOf({ oneOf: Object.values(waysIn).map(requestOf) }),
      responses: {
        '201': OPENED,
        ...problemResponses([
          ...new Set([...Object.values(waysIn).flatMap(({ errors }) => errors), ...WITH_BODY, ...EVERYWHERE]),
        ]),
      },
    },
  },
  '/v1/sign-ins/current/step-up': {
    post: {
      operationId: 'sign-in.step-up',
      summary: 'Show a second factor; the sign-in goes on under another cookie',
      ...shown,
      requestBody: bodyOf(requestOf(proofContract)),
      responses: { '200': OPENED, ...refusalsOf(proofContract) },
    },
  },
  '/v1/mfa/totp': {
    post: {
      operationId: 'totp.add',
      summary: 'Add the authenticator app that was begun, by a code of it; the sign-in goes on under another cookie',
      ...shown,
      requestBody: bodyOf(requestOf(totpContract)),
      responses: { '200': OPENED_WITH_CODES, ...refusalsOf(totpContract) },
    },
  },
  '/v1/sign-ins/current': {
    get: {
      operationId: 'sign-in.word',
      summary: 'The word that writes under the cookie repeat',
      tags: ['identity'],
      'x-stability': 'beta',
      security: [{ signIn: [] }],
      responses: {
        '200': {
          description: 'Repeat `csrf` in the header x-conclave-csrf of every write.',
          content: {
            'application/json': {
              schema: {
                type: 'object',
                properties: {
                  csrf: { type: 'string' },
                  secondFactor: {
                    type: 'array',
                    items: { type: 'string' },
                    description: 'There when a second factor has to be shown before anything else: which there are.',
                  },
                },
                required: ['csrf'],
              },
            },
          },
        },
        ...problemResponses(['auth.unauthenticated', ...EVERYWHERE]),
      },
    },
    patch: {
      operationId: 'sign-in.move',
      summary: 'Take the sign-in of the cookie to another workspace of yours',
      tags: ['identity'],
      'x-stability': 'beta',
      security: [{ signIn: [] }],
      requestBody: bodyOf(requestOf(move)),
      responses: {
        '200': OPENED,
        ...problemResponses([...move.errors, 'auth.csrf', ...WITH_BODY, ...EVERYWHERE]),
      },
    },
    delete: {
      operationId: 'sign-in.end',
      summary: 'End the sign-in of the cookie',
      tags: ['identity'],
      'x-stability': 'stable',
      security: [{ signIn: [] }],
      responses: {
        '204': { description: 'Signed out.' },
        ...problemResponses(['auth.unauthenticated', 'auth.csrf', ...EVERYWHERE]),
      },
    },
  },
};
