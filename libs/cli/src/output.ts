import { styleText } from 'node:util';
import { columns, relativeTime, wrapped } from './layout.js';
import { printable, printableJson } from './printable.js';

type Style = Parameters<typeof styleText>[0];

/** Where a command writes. */
export interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** How the person wants it. */
export interface Manner {
  readonly json: boolean;
  readonly quiet: boolean;
}

const NARROWEST = 40;

/** The answer goes to stdout, as words or as one JSON document; everything on the way to it goes to stderr. */
export class Output {
  private framed: readonly string[] = [];
  private passing = false;

  constructor(
    private readonly streams: Streams,
    private readonly env: NodeJS.ProcessEnv,
    private readonly manner: Manner,
  ) {}

  get json(): boolean {
    return this.manner.json;
  }

  get quiet(): boolean {
    return this.manner.quiet;
  }

  /** Whether somebody watches the progress. */
  get live(): boolean {
    return this.streams.stderr.isTTY && !this.json && !this.quiet && this.env['TERM'] !== 'dumb' && !this.env['CI'];
  }

  /** Lines of the answer, for people. Their parts must be `printable`. */
  print(...lines: readonly string[]): void {
    if (!this.json) this.streams.stdout.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** Help, for people, as wide as their terminal. */
  text(text: string): void {
    this.streams.stdout.write(wrapped(text, this.width));
  }

  /** Things as a table: on a terminal with a head, and cut to its width. */
  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    const cells = rows.map((row) => row.map(printable));
    if (this.quiet) return this.print(...cells.map((row) => row[0]!));
    if (rows.length === 0) return;
    if (!this.streams.stdout.isTTY) return this.print(...columns(cells));
    const [first = '', ...others] = columns([head.map((one) => one.toUpperCase()), ...cells], this.width);
    this.print(this.styled('bold', first), ...others);
  }

  /** A time: how long ago on a terminal, to the second elsewhere. */
  time(iso: string | undefined): string {
    if (iso === undefined) return '-';
    return this.streams.stdout.isTTY ? relativeTime(iso, Date.now()) : iso.replace(/\.\d+Z$/, 'Z');
  }

  /** The answer, for programs. */
  result(value: unknown): void {
    if (this.json) this.streams.stdout.write(`${printableJson(value)}\n`);
  }

  /** One answer of several, for programs: a document a line. */
  record(value: unknown): void {
    if (this.json) this.streams.stdout.write(`${printableJson(value, 0)}\n`);
  }

  /** An answer that changes: on a terminal it stands where the last one stood, elsewhere only new lines are told. */
  frame(lines: readonly string[]): void {
    const { isTTY, rows, columns } = this.streams.stdout;
    const before = this.framed;
    this.framed = isTTY ? lines.slice(0, rows - 1).map((line) => line.slice(0, columns - 1)) : lines;
    if (!isTTY) return this.print(...lines.filter((line) => !before.includes(line)));
    const back = before.length > 0 ? `\u001b[${before.length}A\u001b[J` : '';
    if (!this.json) this.streams.stdout.write(back);
    this.print(...this.framed);
  }

  /** Asks for a line. */
  ask(prompt: string): void {
    this.streams.stderr.write(prompt);
  }

  /** What happens meanwhile. */
  note(...lines: readonly string[]): void {
    if (!this.quiet) this.complain(...lines);
  }

  /** What went wrong, or is asked for. */
  complain(...lines: readonly string[]): void {
    this.streams.stderr.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** A line that the next one replaces; only for who watches. */
  transient(line: string): void {
    if (!this.live || (line === '' && !this.passing)) return;
    this.passing = line !== '';
    this.streams.stderr.write(`\r\u001b[K${line.slice(0, (this.streams.stderr.columns ?? 80) - 1)}`);
  }

  /** A command as this person would type it. */
  typed(...words: readonly string[]): string {
    const quoted = words
      .map(printable)
      .map((word) => (/^[\w./@:=+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
    return [this.env['npm_command'] === 'exec' ? 'npm exec conclave --' : 'conclave', ...quoted].join(' ');
  }

  /** Escapes a text and gives it a style where the terminal has one. */
  styled(style: Style, text: string): string {
    return this.coloured ? styleText(style, printable(text), { validateStream: false }) : printable(text);
  }

  private get width(): number {
    const { isTTY, columns = 80 } = this.streams.stdout;
    return isTTY ? Math.max(columns, NARROWEST) : Infinity;
  }

  private get coloured(): boolean {
    if (this.env['NO_COLOR'] || this.json) return false;
    return Boolean(this.env['FORCE_COLOR']) || (this.streams.stdout.isTTY && this.env['TERM'] !== 'dumb');
  }
}
