import type { Group } from '../command.js';
import { loginsOf } from '../platform/logins.js';
import { noProfile } from '../platform/settings.js';

export const profiles: Group = {
  name: 'profiles',
  summary: 'logins on this machine, and which one is in use',
  description:
    'Logins on this machine. One is made by `conclave login --profile NAME --url URL`; no platform is asked.',
  commands: [
    {
      name: 'list',
      summary: 'list logins',
      options: {},
      async run(call) {
        const { out } = call;
        const logins = loginsOf(call);
        const current = logins.current();
        const items = logins.all().map(([name, login]) => ({
          ...{ name, url: login.url ?? name, kind: 'apiKey' in login ? 'key' : 'login', inUse: name === current },
        }));
        out.table(
          ['profile', 'in use', 'kind', 'platform'],
          items.map(({ name, url, kind, inUse }) => [name, inUse ? 'in use' : '-', kind, url]),
        );
        if (items.length === 0 && !out.quiet) out.print(`No logins. Begin: ${out.typed('login', '--url', 'URL')}`);
        out.result({ items });
        return 0;
      },
    },
    {
      name: 'use',
      operands: [{ name: 'PROFILE', required: true }],
      summary: 'use a login from now on',
      options: {},
      async run(call) {
        const logins = loginsOf(call);
        const name = call.operands[0]!;
        const url = await logins.locked(call.signal, async () => {
          const login = logins.at(name);
          if (!login) throw noProfile(logins, name);
          logins.keep(name, login, true);
          return login.url ?? name;
        });
        call.out.print(`In use from now on: ${name}, at ${url}.`);
        call.out.result({ name, url });
        return 0;
      },
    },
  ],
};
