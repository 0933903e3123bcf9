import type { Command, Group } from '../command.js';
import { shells } from '../shells.js';
import { usage } from '../fault.js';

/** Writes what a shell needs to complete the commands of `root`. */
export const completionOf = (root: () => Group): Command => ({
  name: 'completion',
  operands: [{ name: 'SHELL', required: true, values: Object.keys(shells) }],
  summary: 'write a script that completes commands in a shell',
  description: [
    'For bash, zsh or fish. To have it in every shell from now on:',
    '  bash  conclave completion bash > ~/.local/share/bash-completion/completions/conclave',
    '  zsh   conclave completion zsh > "${fpath[1]}/_conclave"',
    '  fish  conclave completion fish > ~/.config/fish/completions/conclave.fish',
  ].join('\n'),
  options: {},

  async run({ operands, out }) {
    const [shell = ''] = operands;
    if (!Object.hasOwn(shells, shell)) throw usage(`SHELL is one of ${Object.keys(shells).join(', ')}`);
    const script = shells[shell as keyof typeof shells](root());
    out.print(script.trimEnd());
    out.result({ shell, script });
    return 0;
  },
});
