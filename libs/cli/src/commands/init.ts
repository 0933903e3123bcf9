import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { audit, consensus } from '@conclave/contracts';
import { gitLine } from '@conclave/connectors';
import { stringify } from 'yaml';
import { platformOptions, type Call, type Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { Fault, faultOf } from '../fault.js';
import { clientOf } from '../platform/settings.js';
import { printable } from '../printable.js';
import { topOf } from '../review/work-tree.js';
import { guessTestCommand } from './guess-test-command.js';

interface Written {
  readonly file: string;
  readonly state: 'written' | 'kept';
}

export const init: Command = {
  name: 'init',
  summary: 'give a repository its jury',
  description: [
    'Writes .conclave/panel.yaml (who judges, and how tests are run) and, when the platform can be reached,',
    '.conclave/trust.json (the keys `conclave verify` believes). Commit them to the branch changes are made for:',
    'the jury is read from there only. Files that exist are kept.',
  ].join('\n'),
  options: {
    repo: { value: 'DIR', help: 'the repository (default: where you are)' },
    test: { value: 'CMD', help: 'how the tests are run (default: guessed)' },
    force: { help: 'overwrite what is there' },
    ...platformOptions,
  },

  async run(call) {
    const { out, cwd } = call;
    const repo = resolve(cwd, call.text('repo') ?? '.');
    await gitLine(repo, ['rev-parse', '--git-dir']);
    const top = await topOf(repo);
    const command = call.text('test') ?? (await guessTestCommand(top));
    const trust = await trustRoot(call);
    const files: [string, string][] = [
      ['panel.yaml', panelFile(command)],
      ['.gitignore', 'dev.json\ndata/\nlogs/\ncache/\n'],
      ...(typeof trust === 'string'
        ? []
        : [['trust.json', `${JSON.stringify(trust, undefined, 2)}\n`] as [string, string]]),
    ];
    const written: Written[] = [];
    for (const [name, content] of files)
      written.push({
        file: `.conclave/${name}`,
        state: await writeUnlessThere(join(top, '.conclave', name), content, call.flag('force')),
      });
    const git = `git -C ${printable(relative(cwd, top) || '.')}`;
    out.print(
      ...written.map(({ file, state }) => `${state.padEnd(8)} ${file}`),
      ...(command === undefined
        ? ['', 'No test command was found: name one with --test, or edit panel.yaml.']
        : [`${'tests'.padEnd(8)} ${printable(command)}`]),
      ...(typeof trust === 'string' ? ['', `No trust.json: ${printable(trust)}`] : []),
      '',
      `Commit them to the branch changes are made for: ${git} add .conclave && ${git} commit`,
    );
    out.result({ repository: top, files: written, ...(command === undefined ? {} : { test: command }) });
    return 0;
  },
};

function panelFile(command: string | undefined): string {
  const tests = command === undefined ? '' : stringify({ tests: { command, dependencies: [] } });
  return [
    '# The jury of this repository. It is read from the branch a change is for: a change cannot choose its own judges.',
    'panel: conclave/review',
    '# The command runs in a sandbox without network, on the base first; `dependencies` are absolute paths it may read.',
    tests || '# tests:\n#   command: make test\n#   dependencies: []\n',
  ].join('\n');
}

/** The keys of the platform's log and receipts, or why they are not known. */
async function trustRoot(call: Call) {
  try {
    const client = clientOf(call);
    const { vkey } = await client.call(audit.getLog, {});
    const { items } = await client.call(consensus.listReceiptKeys, {});
    return { version: 1, logs: [vkey], services: items.map(({ keyid, publicKey }) => ({ keyid, publicKey })) };
  } catch (error) {
    return faultOf(error).message;
  }
}

async function writeUnlessThere(path: string, content: string, force: boolean): Promise<Written['state']> {
  try {
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, content, { flag: force ? 'w' : 'wx' });
    return 'written';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return 'kept';
    throw new Fault(EXIT.local, 'cli.write', `${path} cannot be written (${code})`, undefined, { cause: error });
  }
}
