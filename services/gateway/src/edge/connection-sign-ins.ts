/**
 * A browser's way to an identity provider and back. The edge knows no connection: it carries what comes to auth, and
 * keeps in cookies what auth gives it.
 *
 * A provider posts its SAML response from its own site, and then no cookie of ours comes along. So the first post is
 * answered with a page that posts it again, from here; that one carries the cookie of whoever began.
 */
import { ConclaveError, connections, errorCatalogue } from '@conclave/contracts';
import { parseRequest, type Kit } from '@conclave/nest-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { escapeHtml, sendPage } from './browser-page.js';
import { noteDevice } from './note-device.js';
import type { RateLimits } from './rate-limits.js';
import { limitedBody, requireMediaType } from './request-input.js';
import type { SignInCookie } from './sign-in-cookie.js';

const FORM_TYPE = 'application/x-www-form-urlencoded';
/** A response of the longest kind, as a form spells it. */
const FORM_LIMIT_BYTES = connections.SAML_LIMIT_BYTES + 65_536;
const AGAIN = '/auth/again.js';

export interface ConnectionSignInParts {
  readonly kit: Kit;
  readonly limits: RateLimits;
  readonly cookie: SignInCookie;
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;
type Answer = Parameters<typeof finishInput>[2];

export function registerConnectionSignIns(fastify: FastifyInstance, parts: ConnectionSignInParts): void {
  const { kit, limits, cookie } = parts;
  const route = (handler: Handler): Handler => forBrowsers(limits, handler);

  const login = route(async (request, reply) => {
    const { returnTo } = request.query as { returnTo?: unknown };
    const input = parseRequest(connections.beginConnectionSignIn, {
      ...{ connection: connectionOf(request), returnTo, address: limits.addressOf(request) },
    });
    const begun = await kit.rpc.callAsService(connections.beginConnectionSignIn, {}, input as never);
    cookie.setFlow(request, reply, begun.flow, new Date(begun.expiresAt));
    return reply.header('cache-control', 'no-store').redirect(begun.location, 303);
  });
  fastify.get('/auth/saml/:connection/login', login);
  fastify.get('/auth/oidc/:connection/login', login);

  fastify.get(
    '/auth/saml/:connection/metadata',
    route(async (request, reply) => {
      const input = parseRequest(connections.getSamlMetadata, { connection: connectionOf(request) });
      const { xml } = await kit.rpc.callAsService(connections.getSamlMetadata, {}, input as never);
      return reply.header('cache-control', 'no-cache').type('application/samlmetadata+xml').send(xml);
    }),
  );

  fastify.get(
    '/auth/oidc/:connection/keys',
    route(async (request, reply) => {
      const input = parseRequest(connections.getClientKeys, { connection: connectionOf(request) });
      const keys = await kit.rpc.callAsService(connections.getClientKeys, {}, input as never);
      return reply.header('cache-control', 'no-cache').send(keys);
    }),
  );

  const finish = async (request: FastifyRequest, reply: FastifyReply, answer: Answer): Promise<FastifyReply> => {
    const address = limits.addressOf(request);
    const input = finishInput({ connection: connectionOf(request), address }, cookie.readFlow(request), answer);
    cookie.clearFlow(request, reply);
    const opened = await kit.rpc.callAsService(connections.finishConnectionSignIn, {}, input as never);
    await noteDevice({ kit, cookie }, request, reply, opened.secret);
    cookie.set(request, reply, opened.secret, new Date(opened.expiresAt));
    return reply.header('cache-control', 'no-store').redirect(`${opened.returnTo}#signed-in`, 303);
  };
  fastify.get(
    '/auth/oidc/:connection/callback',
    route((request, reply) => finish(request, reply, { kind: 'code', query: queryOf(request) })),
  );
  fastify.post(
    '/auth/saml/:connection/acs',
    route(async (request, reply) => {
      const form = await formOf(request);
      if (!form.has('again')) return sendAgain(reply, form, 'Signing in');
      const relayState = form.get('RelayState');
      const response = form.get('SAMLResponse') ?? '';
      return finish(request, reply, { kind: 'saml', response, ...(relayState ? { relayState } : {}) });
    }),
  );
  fastify.get(AGAIN, (_request, reply) =>
    reply
      .header('cache-control', 'no-cache')
      .type('text/javascript; charset=utf-8')
      .send('document.forms[0].submit();\n'),
  );
}

export const connectionOf = ({ params }: FastifyRequest): string => (params as { connection: string }).connection;

export const queryOf = ({ url }: FastifyRequest): string => (url.includes('?') ? url.slice(url.indexOf('?') + 1) : '');

function finishInput(
  from: { connection: string; address: string },
  flow: string | undefined,
  answer: { kind: 'code'; query: string } | { kind: 'saml'; response: string; relayState?: string },
): unknown {
  return parseRequest(connections.finishConnectionSignIn, { ...from, answer, ...(flow ? { flow } : {}) });
}

/** Counted like all who have proven nothing; a person is told with a page, a program with a problem document. */
export function forBrowsers(limits: RateLimits, handler: Handler): Handler {
  return async (request, reply) => {
    try {
      await limits.countAddress(request);
      return await handler(request, reply);
    } catch (error) {
      if (!(error instanceof ConclaveError) || !request.headers.accept?.includes('text/html')) throw error;
      return sendRefusal(reply, error);
    }
  };
}

/** The form of the provider, each field once. @throws ConclaveError `request.*` */
export async function formOf(request: FastifyRequest): Promise<URLSearchParams> {
  requireMediaType(request.headers['content-type'], FORM_TYPE);
  const chunks: Buffer[] = [];
  for await (const chunk of limitedBody(request, FORM_LIMIT_BYTES)) chunks.push(chunk);
  const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
  if (new Set(form.keys()).size !== [...form.keys()].length)
    throw new ConclaveError('request.malformed', { reason: 'a field is given twice' });
  return form;
}

function sendRefusal(reply: FastifyReply, error: ConclaveError): FastifyReply {
  const { status, title, action } = errorCatalogue[error.code];
  const text = [
    `<h1>${escapeHtml(title)}</h1>`,
    `<p>${escapeHtml(action)}</p>`,
    '<p><a href="/">To the sign-in page</a></p>',
  ];
  return sendPage(reply, status, { title: 'Signing in', body: `<main>${text.join('')}</main>` });
}

export function sendAgain(reply: FastifyReply, form: URLSearchParams, title: string): FastifyReply {
  const fields = ['SAMLResponse', 'RelayState'].flatMap((name) => {
    const value = form.get(name);
    return value === null ? [] : [`<input type="hidden" name="${name}" value="${escapeHtml(value)}">`];
  });
  const body = `<form method="post">${fields.join('')}<input type="hidden" name="again" value="1"><button>Continue</button></form>`;
  return sendPage(reply, 200, { title, body, script: AGAIN });
}
