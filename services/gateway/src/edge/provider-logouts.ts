/**
 * Sign-outs that an identity provider takes part in: the browser carries signed messages of SAML here and back; an OpenID
 * provider posts its own. The edge knows no connection, as in `connection-sign-ins`.
 */
import { ConclaveError, connections, type RequestOf } from '@conclave/contracts';
import { parseRequest, type Kit } from '@conclave/nest-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendPage } from './browser-page.js';
import {
  connectionOf,
  forBrowsers,
  formOf,
  queryOf,
  sendAgain,
  type ConnectionSignInParts,
} from './connection-sign-ins.js';

type Message = RequestOf<typeof connections.answerSamlLogout>['request'];

export function registerProviderLogouts(fastify: FastifyInstance, parts: ConnectionSignInParts): void {
  const { kit, limits, cookie } = parts;

  const answer = async (request: FastifyRequest, reply: FastifyReply, message: Message): Promise<FastifyReply> => {
    const input = { connection: connectionOf(request), request: message };
    const asked = parseRequest(connections.answerSamlLogout, input) as typeof input;
    const { location } = await kit.rpc.callAsService(connections.answerSamlLogout, {}, asked);
    return reply.header('cache-control', 'no-store').redirect(location, 303);
  };
  const finish = async (request: FastifyRequest, reply: FastifyReply, message: Message): Promise<FastifyReply> => {
    const flow = cookie.readFlow(request);
    cookie.clearFlow(request, reply);
    const input = { connection: connectionOf(request), response: message, ...(flow ? { flow } : {}) };
    const asked = parseRequest(connections.finishSamlLogout, input) as typeof input;
    const { complete } = await kit.rpc.callAsService(connections.finishSamlLogout, {}, asked);
    if (complete) return reply.header('cache-control', 'no-store').redirect('/', 303);
    return sendPage(reply, 200, { title: 'Signing out', body: PARTIAL });
  };

  fastify.get(
    '/auth/saml/:connection/slo',
    forBrowsers(limits, (request, reply) => {
      const query = queryOf(request);
      const members = new URLSearchParams(query);
      const handle = members.has('SAMLResponse') ? finish : answer;
      return handle(request, reply, { binding: 'redirect', query });
    }),
  );
  fastify.post(
    '/auth/saml/:connection/slo',
    forBrowsers(limits, async (request, reply) => {
      const form = await formOf(request);
      const relayState = form.get('RelayState');
      const posted = (message: string | null): Message => ({
        ...{ binding: 'post', message: message ?? '' },
        ...(relayState ? { relayState } : {}),
      });
      if (!form.has('SAMLResponse')) return answer(request, reply, posted(form.get('SAMLRequest')));
      // Only a post from here carries the cookie of whoever signed out.
      if (!form.has('again')) return sendAgain(reply, form, 'Signing out');
      return finish(request, reply, posted(form.get('SAMLResponse')));
    }),
  );
  registerOpenIdLogouts(fastify, { kit, limits, cookie });
}

function registerOpenIdLogouts(fastify: FastifyInstance, { kit, limits, cookie }: ConnectionSignInParts): void {
  fastify.get(
    '/auth/oidc/:connection/signed-out',
    forBrowsers(limits, async (request, reply) => {
      cookie.clearFlow(request, reply);
      return reply.header('cache-control', 'no-store').redirect('/', 303);
    }),
  );
  fastify.post('/auth/oidc/:connection/backchannel-logout', async (request, reply) => {
    await limits.countAddress(request);
    const form = await formOf(request);
    const token = form.get('logout_token');
    if (token === null) throw new ConclaveError('request.malformed', { reason: 'no logout_token' });
    await takeToken(kit, connectionOf(request), token);
    return reply.header('cache-control', 'no-store').status(200).send();
  });
}

async function takeToken(kit: Kit, connection: string, logoutToken: string): Promise<void> {
  const input = { connection, logoutToken };
  const asked = parseRequest(connections.takeOidcLogout, input) as typeof input;
  await kit.rpc.callAsService(connections.takeOidcLogout, {}, asked);
}

const PARTIAL =
  '<main><h1>You are signed out here.</h1><p>Your identity provider says that it could not end every other session. ' +
  'Sign out at the other places by themselves.</p><p><a href="/">To the sign-in page</a></p></main>';
