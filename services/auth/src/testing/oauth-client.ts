/** A program of somebody else's that speaks OAuth to auth, and the browser of the person it acts for. */
import { invitations, oauth } from '@conclave/contracts';
import { SoftAuthenticator, type TestPrincipal } from '@conclave/dev-env/testing';
import { SITE, edge, type AuthFixture, type TestTenant } from './auth-fixture.js';

/** What the edge does with a request of the protocol: it reads it and hands it on. */
export const speakTo =
  (fixture: AuthFixture) =>
  async (address: string, init: RequestInit = {}): Promise<Response> => {
    const { pathname, search } = new URL(address);
    const given = new Headers(init.headers);
    const names = ['accept', 'authorization', 'content-type', 'cookie', 'user-agent'] as const;
    const headers = Object.fromEntries(names.flatMap((name) => (given.has(name) ? [[name, given.get(name)!]] : [])));
    const body =
      init.body === undefined || init.body === null
        ? {}
        : { body: new URLSearchParams(init.body as string).toString() };
    const request = {
      method: (init.method ?? 'GET') as 'GET',
      url: pathname + search,
      headers,
      address: '192.0.2.7',
      ...body,
    };
    const answer = await fixture.call(oauth.oauthRequest, request, edge);
    const headersBack = new Headers();
    for (const { name, value } of answer.headers) headersBack.append(name, value);
    return new Response(answer.body === '' ? null : answer.body, { status: answer.status, headers: headersBack });
  };

/** An access token of the command line for what a person allows it, who looks and says yes. */
export async function tokenUnder(fixture: AuthFixture, person: TestPrincipal, scope = 'run:read'): Promise<string> {
  const post = async (endpoint: string, form: Record<string, string>) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams({ client_id: 'conclave-cli', ...form });
    const answer = await speakTo(fixture)(`${SITE}/oauth/${endpoint}`, { method: 'POST', headers, body });
    return (await answer.json()) as Record<string, string>;
  };
  const { user_code: userCode = '', device_code = '' } = await post('device_authorization', { scope });
  const { shown } = await fixture.call(oauth.openDeviceCode, { userCode }, person);
  await fixture.call(oauth.decideDeviceCode, { userCode, allow: true, shown }, person);
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
  return (await post('token', { grant_type, device_code })).access_token!;
}

/** The administrator of a tenant, signed in with a new passkey. */
export async function signInWithLink(
  fixture: AuthFixture,
  { welcome }: TestTenant,
): Promise<{ person: TestPrincipal; secret: string }> {
  const link = welcome.split('#')[1]!;
  const { options } = await fixture.call(invitations.openLink, { link }, edge);
  const registration = new SoftAuthenticator(SITE).make(options);
  const { secret } = await fixture.call(invitations.acceptLink, { link, registration, name: 'phone' }, edge);
  return { person: await fixture.exchange(secret, 'sign-in'), secret };
}
