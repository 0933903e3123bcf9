/** What is told of more than one command: `conclave help TOPIC`. */
import { everyCode } from './exit-codes.js';

interface Topic {
  readonly summary: string;
  text(this: void): string;
}

export const topics: Readonly<Record<string, Topic>> = {
  settings: {
    summary: 'which platform and whose credential a command uses',
    text: () =>
      [
        'The first that is there counts:',
        '',
        '  1  --url, --api-key, --profile',
        '  2  CONCLAVE_URL, CONCLAVE_API_KEY, CONCLAVE_PROFILE',
        '  3  the login in use: the last `conclave login`, or what `conclave profiles use` chose',
        '  4  dev.json of `npm run up`: in CONCLAVE_STATE_DIR, in .conclave where you stand or above, else of the checkout',
        '',
        'A profile is a login with a name, for several platforms or several accounts at one:',
        '',
        '  conclave login --profile work --url https://conclave.example.com',
        '  conclave runs list --profile work',
        '',
        'An API key can be kept in a profile as well: conclave login --profile ci --with-api-key < key.txt',
        'Logins are kept in $XDG_CONFIG_HOME/conclave/credentials.json, else ~/.config/conclave, readable by you alone.',
        '`conclave whoami` says what is in use, and `conclave doctor` whether it works.',
        '',
      ].join('\n'),
  },
  output: {
    summary: 'what is written where, and how programs read it',
    text: () =>
      [
        'The answer goes to stdout; progress, notes and errors go to stderr.',
        '',
        'With --json the answer is one JSON document: the reply of the platform, {"items": […], "next": "…"} of a list, or',
        '{"error": {"code", "message", "advice", "exitCode"}} of a failure. `login --json` and `status --watch --json` write',
        'one document a line. Members are added to documents, and never renamed.',
        '',
        'On a terminal a list has a head, is cut to the width, and tells times as people do. Elsewhere every row is whole,',
        'without a head, its columns two spaces or more apart, its times in ISO 8601.',
        'Lists have --limit N, --all, and --after CURSOR to go on behind the `next` of another.',
        '',
        '--quiet leaves out progress and notes, and of lists all but the ids: conclave keys list --all --quiet',
        'NO_COLOR and TERM=dumb turn colours off, FORCE_COLOR turns them on.',
        'Where a thing has a name, commands take its name or its id.',
        '',
      ].join('\n'),
  },
  'exit-codes': {
    summary: 'how commands end, for scripts',
    text: () =>
      [
        '0, 1 and 2 are verdicts; what goes wrong is told by 10 and more. A code never changes its meaning.',
        '',
        ...everyCode.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`),
        '',
      ].join('\n'),
  },
};
