import { platformOptions, type Command } from '../command.js';
import { loginsOf } from '../platform/logins.js';
import { ask, refused } from '../platform/oauth.js';
import { platformOf } from '../platform/settings.js';

export const logout: Command = {
  name: 'logout',
  summary: 'end the login at a platform',
  description: [
    'Ends the login at the platform and forgets it here: the one in use unless told. An API key that was kept is only',
    'forgotten; `conclave keys revoke` ends it.',
  ].join('\n'),
  options: { url: platformOptions.url, profile: platformOptions.profile },

  async run(call) {
    const { out, signal } = call;
    const { name, url } = platformOf(call);
    const logins = loginsOf(call);
    const ended = await logins.locked(signal, async () => {
      const login = logins.at(name);
      if (!login) return false;
      if ('refreshToken' in login) {
        // While the platform cannot be asked the login is kept: what was forgotten here could not be ended any more.
        const form = { token: login.refreshToken, token_type_hint: 'refresh_token' };
        const answer = await ask(url, 'revoke', form, signal);
        if (answer.status !== 200) throw refused(url, answer);
      }
      logins.forget(name);
      return true;
    });
    out.print(ended ? `Logged out at ${url}.` : `You are not logged in at ${url}.`);
    out.result({ url, ended });
    return 0;
  },
};
