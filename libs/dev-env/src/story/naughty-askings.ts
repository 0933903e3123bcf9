/** The Big List of Naughty Strings at every place of what is sent to the routes of the edge's own. */
import { edgeRoutes, type EdgeRoute } from '@conclave/contracts';
import { nameOf, probes, type Asking } from './edge-strangers.js';
import type { IdOf } from './least-request.js';
import { requestWith, textsIn, textsOf, withText } from './naughty-strings.js';

const AN_ID = /(?<=\/)[a-z]{3}_[0-9a-z]{26}(?=\/|$)/;

const cli = { client_id: 'conclave-cli', scope: 'run:read', resource: 'https://x.example.com' };
const authorization = {
  ...{ ...cli, response_type: 'code', redirect_uri: 'http://127.0.0.1:1/callback', state: 'x', nonce: 'x' },
  ...{ code_challenge: 'x'.repeat(43), code_challenge_method: 'S256', prompt: 'login' },
};
const token = { client_id: 'conclave-cli', token: 'x'.repeat(43), token_type_hint: 'refresh_token' };
/** What else may be said than the probes say, in the query of what is got and in the form of what is sent. */
const fuller: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'GET /auth/saml/{connection}/login': { returnTo: '/x' },
  'GET /auth/oidc/{connection}/login': { returnTo: '/x' },
  'GET /auth/saml/{connection}/slo': { SAMLRequest: 'AAAA', RelayState: 'x', SigAlg: 'x', Signature: 'AAAA' },
  'POST /auth/saml/{connection}/slo': { SAMLResponse: 'AAAA', RelayState: 'x' },
  'POST /auth/saml/{connection}/acs': { SAMLResponse: 'AAAA', RelayState: 'x' },
  'GET /auth/oidc/{connection}/callback': { error: 'x', error_description: 'x', iss: 'x', state: 'x' },
  'GET /auth/oidc/{connection}/signed-out': { state: 'x' },
  'GET /oauth/authorize': authorization,
  'POST /oauth/par': authorization,
  'POST /oauth/token': {
    ...{ ...cli, grant_type: 'authorization_code', code: 'x'.repeat(43), code_verifier: 'x'.repeat(43) },
    redirect_uri: 'http://127.0.0.1:1/callback',
  },
  'POST /oauth/device_authorization': cli,
  'POST /oauth/revoke': token,
  'POST /oauth/introspect': token,
};

/** A place for a text in a request to a route. */
export interface AskingPlace {
  readonly route: EdgeRoute;
  readonly name: string;
  readonly asking: (text: string) => Asking;
}

/** Every place: in the path, the query, the form or the body, those among them that no probe fills. */
export function askingPlaces(ids: IdOf, samlConnection: string): readonly AskingPlace[] {
  return edgeRoutes.flatMap((route) => {
    const name = nameOf(route);
    const idOf: IdOf = route.path.startsWith('/auth/saml/') ? () => samlConnection : ids;
    const probed = probes[name]!.asks(idOf, idOf);
    const asks = [...probed, ...(fuller[name] ? [saying(probed[0]!, fuller[name])] : [])];
    const places = asks.flatMap((one) => [...inAddress(one), ...inBody(one)]);
    const described = asks.some(isPlainJson) ? inContracts(route, idOf) : [];
    return [...places, ...described].map((asking) => ({ route, name, asking }));
  });
}

type Place = AskingPlace['asking'];

function saying(asking: Asking, members: Readonly<Record<string, string>>): Asking {
  const said = new URLSearchParams(members).toString();
  if (asking.body !== undefined) return { ...asking, body: said };
  return { ...asking, path: `${asking.path.replace(/\?.*/, '')}?${said}` };
}

const typeOf = ({ headers }: Asking): string => headers?.['content-type'] ?? '';
/** Whose body is an operation's request as it is. */
const isPlainJson = (asking: Asking): boolean => typeOf(asking).includes('json') && /^\/v1\/[^{_]*$/.test(asking.path);

function* inAddress(asking: Asking): Generator<Place> {
  const { pathname, searchParams } = new URL(asking.path, 'http://edge');
  const query = asking.path.slice(pathname.length);
  if (AN_ID.test(pathname)) yield (text) => ({ ...asking, path: pathname.replace(AN_ID, () => encoded(text)) + query });
  for (const name of searchParams.keys())
    yield (text) => ({ ...asking, path: `${pathname}?${changed(searchParams, name, text)}` });
}

function* inBody(asking: Asking): Generator<Place> {
  const { body } = asking;
  if (body === undefined) return;
  if (typeOf(asking).includes('form')) {
    const form = new URLSearchParams(body);
    for (const name of form.keys()) yield (text) => ({ ...asking, body: changed(form, name, text) });
    return;
  }
  const value: unknown = JSON.parse(body);
  for (const path of textsIn(value)) yield (text) => ({ ...asking, body: JSON.stringify(withText(value, path, text)) });
}

/** What the operations behind the route take. */
function inContracts({ path, asks }: EdgeRoute, idOf: IdOf): Place[] {
  const headers = { 'content-type': 'application/json' };
  return asks.flatMap((contract) =>
    textsOf(contract).map((at): Place => (text) => ({
      path,
      headers,
      body: JSON.stringify(requestWith(contract, at, text, idOf)),
    })),
  );
}

const encoded = (text: string): string => encodeURIComponent(text.toWellFormed());

function changed(params: URLSearchParams, name: string, text: string): string {
  const copy = new URLSearchParams(params);
  copy.set(name, text);
  return copy.toString();
}
