import { auth } from '@conclave/contracts';
import { platformOptions, type Command } from '../command.js';
import { clientOf, settingsOf } from '../platform/settings.js';
import { printable } from '../printable.js';

export const whoami: Command = {
  name: 'whoami',
  summary: 'say as whom and where the commands work',
  description: 'Tells the platform, the person, and where the credential comes from.',
  options: platformOptions,
  calls: [auth.getMe],

  async run(call) {
    const { out } = call;
    const { url, source } = settingsOf(call);
    const me = await clientOf(call).call(auth.getMe, {});
    out.print(
      `${printable(me.principal.name)} (${printable(me.role)}) of ${printable(me.tenant.name)}, workspace ${printable(me.workspace.name)}`,
      `at ${url}, with the credential of ${printable(source)}`,
    );
    out.result({ url, source, me });
    return 0;
  },
};
