import type { Call } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { Fault } from '../fault.js';
import type { Logins, Tokens } from './logins.js';
import { ask, refused as unexpected, tokensIn } from './oauth.js';

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
  { name, url }: Where,
  refused?: string,
): Promise<string> {
  const isGood = ({ accessToken, expiresAt }: Tokens): boolean =>
    accessToken !== refused && expiresAt - Date.now() > MARGIN_MS;
  const known = logins.at(name);
  if (known && 'apiKey' in known) return known.apiKey;
  if (known && isGood(known)) return known.accessToken;
  return logins.locked(signal, async () => {
    const login = logins.at(name);
    if (!login) throw loggedOut({ name, url });
    if ('apiKey' in login) return login.apiKey;
    if (isGood(login)) return login.accessToken;
    const answer = await ask(url, 'token', { grant_type: 'refresh_token', refresh_token: login.refreshToken }, signal);
    if (answer.body['error'] === 'invalid_grant') {
      logins.forget(name);
      throw loggedOut({ name, url });
    }
    if (answer.status !== 200) throw unexpected(url, answer);
    const renewed = tokensIn(url, answer);
    logins.keep(name, name === url ? renewed : { ...renewed, url });
    return renewed.accessToken;
  });
}

/** Which login, and where. */
export interface Where {
  readonly name: string;
  readonly url: string;
}

function loggedOut({ name, url }: Where): Fault {
  const again = `Run: conclave login --url ${url}${name === url ? '' : ` --profile ${name}`}`;
  return new Fault(EXIT.refused, 'cli.logged-out', `the login at ${url} has ended`, again);
}
