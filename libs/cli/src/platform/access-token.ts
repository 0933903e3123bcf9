import type { Call } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { Fault } from '../fault.js';
import type { Login, Logins } from './logins.js';
import { ask, loginIn, refused as unexpected } from './oauth.js';

/** A token that ends sooner is renewed before it is used. */
const MARGIN_MS = 30_000;

/**
 * The access token of a login, renewed when it is about to end or was refused. A refresh token is good once, and whoever uses one twice
 * is taken for a thief: of commands that run at once, one renews and the others find what it got.
 *
 * @throws Fault `cli.logged-out` when the platform has ended the login
 */
export async function accessToken(
  { signal }: Pick<Call, 'signal'>,
  logins: Logins,
  url: string,
  refused?: string,
): Promise<string> {
  const isGood = ({ accessToken, expiresAt }: Login): boolean =>
    accessToken !== refused && expiresAt - Date.now() > MARGIN_MS;
  const known = logins.at(url);
  if (known && isGood(known)) return known.accessToken;
  return logins.locked(signal, async () => {
    const login = logins.at(url);
    if (!login) throw loggedOut(url);
    if (isGood(login)) return login.accessToken;
    const answer = await ask(url, 'token', { grant_type: 'refresh_token', refresh_token: login.refreshToken }, signal);
    if (answer.body['error'] === 'invalid_grant') {
      logins.forget(url);
      throw loggedOut(url);
    }
    if (answer.status !== 200) throw unexpected(url, answer);
    const renewed = loginIn(url, answer);
    logins.keep(url, renewed);
    return renewed.accessToken;
  });
}

const loggedOut = (url: string): Fault =>
  new Fault(EXIT.refused, 'cli.logged-out', `the login at ${url} has ended`, `Run: conclave login --url ${url}`);
