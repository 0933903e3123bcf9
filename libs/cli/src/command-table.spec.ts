/** What holds of every command, whichever table it comes from. */
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { contracts } from '@conclave/contracts';
import { commandsOf, commonOptions, find, isGroup, type Entry } from './command.js';
import { inCommands } from './commands-in-advice.js';
import { root } from './commands.js';
import { EXIT, everyCode } from './exit-codes.js';
import { reference } from './help.js';
import { main } from './main.js';
import { CHECKOUT } from './platform/settings.js';
import { shells } from './shells.js';
import { topics } from './topics.js';

class Screen extends Writable {
  said = '';
  constructor(
    readonly isTTY: boolean,
    readonly columns: number,
  ) {
    super();
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.said += chunk.toString('utf8');
    done();
  }
}

/** Runs a command line in this process, at a terminal where `columns` says how wide it is. */
async function conclave(words: readonly string[], columns = 0) {
  const [stdout, stderr] = [new Screen(columns > 0, columns), new Screen(columns > 0, columns)];
  const streams = { stdout, stderr } as unknown as Pick<NodeJS.Process, 'stdout' | 'stderr'>;
  const env = { HOME: '/nowhere', CONCLAVE_STATE_DIR: '/nowhere', NO_COLOR: '1' };
  const code = await main({ words, env, cwd: '/', signal: new AbortController().signal, ...streams });
  return { code, stdout: stdout.said, stderr: stderr.said };
}

const commands = [...commandsOf(root)].map(([path, command]) => ({ line: path.join(' '), path, command }));
const groups = (entries: readonly Entry[], above: readonly string[]): string[][] =>
  entries.flatMap((entry) =>
    isGroup(entry) ? [[...above, entry.name], ...groups(entry.commands, [...above, entry.name])] : [],
  );

describe('the table of commands', () => {
  it('is told whole by docs/cli.md', () => {
    const written = readFileSync(join(CHECKOUT, 'docs/cli.md'), 'utf8');
    // Stale? node libs/cli/bin/conclave.mjs help reference > docs/cli.md
    expect(written).toBe(reference(root));
  });

  it.each(commands)(
    '$line tells what it takes and how it ends, within a narrow terminal',
    async ({ path, command }) => {
      const { code, stdout } = await conclave([...path, '--help'], 60);
      expect([code, stdout]).toEqual([
        0,
        expect.stringMatching(new RegExp(`^Usage: conclave ${path.join(' ')}[^]*--json[^]*Exit codes:`)),
      ]);
      for (const name of Object.keys(command.options)) expect(stdout).toContain(`--${name}`);
      expect(stdout.split('\n').filter((line) => line.length > 60 && line.trim().includes(' ', 30))).toEqual([]);
    },
  );

  it.each(groups(root.commands, []))('%s %s alone tells what is in it, and is no success', async (...path) => {
    const alone = await conclave(path.filter((word) => typeof word === 'string'));
    expect([alone.code, alone.stdout]).toEqual([EXIT.usage, expect.stringContaining('COMMAND [OPTION…]')]);
    expect(await conclave([...path.filter((word) => typeof word === 'string'), '--help'])).toMatchObject({ code: 0 });
  });

  it('reaches every operation that an operator can carry out by a command of its own', () => {
    const reached = new Set(commands.flatMap(({ command: { calls = [] } }) => calls));
    const left = contracts.filter((one) => one.http && one.permission !== 'service' && !reached.has(one));
    // The browser’s: a person shows there who they are, and sets how others do. The log’s pieces: `audit verify` and mirrors read them. Entries
    // are added by programs. Everything over JSON can be carried out by `conclave api`.
    const others =
      /\.(passkey|totp|mfa|mfa-policy|sign-in-policy|recovery-code|authorization|device-code|tile|checkpoint|proof)\.|\.entry\.add|\.me\.change|\.break-glass\.open|\.export\.(get|create-of-subject)|\.tally\.compute|\.calibration\.list|\.receipt-key\.list|\.voter-key\.rotate|\.challenge/;
    expect(left.map(({ subject }) => subject).filter((subject) => !others.test(subject))).toEqual([]);
  });

  it('gives every code of an exit one meaning', () => {
    const codes = everyCode.map(([code]) => code);
    expect(new Set(codes).size).toBe(codes.length);
    for (const code of Object.values(EXIT)) expect(codes).toContain(code);
    for (const { command } of commands) for (const [code] of command.codes ?? []) expect(codes).toContain(code);
  });
});

describe('a command line', () => {
  it.each<[string[], string]>([
    [['stauts'], 'Did you mean: conclave status?'],
    [['admin', 'tenant', 'suspnd'], 'Did you mean: conclave admin tenants suspend?'],
    [['run', '--agnet', 'x'], 'Did you mean: --agent?'],
    [['run', '--agent', 'comose'], 'Did you mean compose?'],
    [['run', '--agent', 'nosuch'], 'There are: human, timer'],
    [['xyzzy'], 'See: conclave --help'],
    [['help', 'xyzzy'], 'See: conclave --help'],
    [['keys', 'create'], 'NAME is missing'],
    [['keys', 'create'], 'See: conclave keys create --help'],
    [['keys', 'list', 'more'], 'unexpected argument "more"'],
    [['keys', '--bogus'], '"--bogus" is no command'],
    [['keys', 'list', '--url', 'ftp://x'], 'not an http(s) address'],
    [['keys', 'list'], 'no platform is named'],
    [['keys', 'list', '--profile', 'work'], 'there is no profile "work"'],
    [['keys', 'list', '--profile', '../x'], 'cannot be the name of a profile'],
    [['completion', 'powershell'], 'SHELL is one of bash, zsh, fish'],
    [['api', 'GET', '/v1/nothing'], 'there is no route GET /v1/nothing'],
    [['api', 'GET', 'https://elsewhere.example/v1/me'], 'is no path'],
  ])('%j is answered with what helps', async (words, said) => {
    expect(await conclave(words)).toMatchObject({
      code: EXIT.usage,
      stdout: '',
      stderr: expect.stringContaining(said),
    });
  });

  it('that cannot be understood is told to programs as JSON, wherever --json stands', async () => {
    for (const words of [
      ['--json', 'keys', 'creat'],
      ['keys', 'creat', '--json'],
    ]) {
      const { code, stdout, stderr } = await conclave(words);
      expect([code, stderr, JSON.parse(stdout)]).toEqual([
        EXIT.usage,
        '',
        {
          error: {
            code: 'cli.usage',
            message: expect.any(String),
            advice: expect.stringContaining('create'),
            exitCode: 10,
          },
        },
      ]);
    }
  });

  it('of help names commands and topics', async () => {
    expect((await conclave(['help', 'key', 'create'])).stdout).toMatch(/^Usage: conclave keys create NAME/);
    for (const topic of Object.keys(topics)) expect((await conclave(['help', topic])).code).toBe(0);
    expect((await conclave([])).code).toBe(EXIT.usage);
    expect(await conclave(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });

  it('shows a table that fits the terminal, and a whole one to whoever reads it otherwise', async () => {
    const narrow = await conclave(['agents', 'list'], 40);
    expect(narrow.stdout).toMatch(/^AGENT +TAKES\n[^]*human +question, options, .*…\n/);
    expect(Math.max(...narrow.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(40);
    expect((await conclave(['agents', 'list'])).stdout).toMatch(/^human +question, options, expiresInMs, default\n/);
    expect((await conclave(['agents', 'list', '-q'])).stdout).toMatch(/^human\ntimer\n/);
  });
});

describe('advice of the platform', () => {
  it('names the command that stands for a route', () => {
    expect(inCommands('List the runs with GET /v1/runs.', root)).toBe('List the runs with `conclave runs list`.');
    expect(inCommands('It ends by DELETE /v1/break-glass/{id}.', root)).toBe(
      'It ends by `conclave break-glass end ACCESS`.',
    );
    expect(inCommands('See GET /v1/runs/{id}/events;', root)).toBe('See `conclave watch RUN`;');
    expect(inCommands('See GET /v1/nothing.', root)).toBe('See GET /v1/nothing.');
  });
});

describe('the pages', () => {
  const names = readdirSync(join(CHECKOUT, 'docs')).filter((name) => name.endsWith('.md') && name !== 'cli.md');
  const spelled = ['README.md', ...names.map((name) => `docs/${name}`)].flatMap((file) => {
    const text = readFileSync(join(CHECKOUT, file), 'utf8');
    const lines = [...text.matchAll(/(?:`|^)(?:npm exec )?conclave (?:-- )?([a-z][^`\n]*)/gm)];
    return lines.map(([, line = '']) => [file, line] as const);
  });

  it.each(spelled)('%s says a command that is there: %s', (_, line) => {
    const words = line
      .replace(/[\\\[].*$/, '')
      .trim()
      .split(/\s+/);
    const { entry, path } = find(root, words);
    const known = Object.keys(isGroup(entry) ? {} : { ...entry.options, ...commonOptions });
    expect(known).toEqual(expect.arrayContaining([...line.matchAll(/ --([\w-]+)/g)].map(([, name]) => name)));
    if (isGroup(entry)) expect(words).toEqual(path);
  });
});

describe('completion in bash', () => {
  it.each<[string, string[]]>([
    ['adm', ['admin']],
    ['admin ', ['tenants', 'owners', 'limits', 'branding']],
    ['admin tenants er', ['erase', 'erasure']],
    ['--json keys cr', ['create']],
    ['keys create --sc', ['--scope']],
    ['webhooks create --event log.', ['log.contested', 'log.damaged']],
    ['audit export --format ', ['jsonl', 'ocsf', 'cef', 'rfc5424']],
    ['help ex', ['exit-codes']],
    ['agents show co', ['command', 'compose']],
  ])('of %j', (typed, expected) => {
    const words = ['conclave', ...typed.split(' ')];
    const script = [
      shells.bash(root),
      `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})`,
      `COMP_CWORD=${words.length - 1}`,
      '_conclave; printf "%s\\n" "${COMPREPLY[@]}"',
    ].join('\n');
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], { encoding: 'utf8' });
    expect([stderr, stdout.trim().split('\n')]).toEqual(['', expected]);
  });
});

describe('completion in zsh and fish', () => {
  it.each(['zsh', 'fish'] as const)('of %s knows every command', (shell) => {
    const script = shells[shell](root);
    expect(commands.filter(({ line }) => !script.includes(`'${line}'`)).map(({ line }) => line)).toEqual([]);
  });
});
