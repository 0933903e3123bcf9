/** Real repositories made by the tests that read them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Paths and what they hold; `null` deletes, `{ link }` is a symlink, an array is joined as lines. */
export type Files = Record<string, string | readonly string[] | Buffer | { link: string } | null>;

/** A repository in a folder of its own; each commit is a second after the one before it. */
export class ScratchRepository implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'conclave-scratch-'));
  private clock = 1_700_000_000;

  constructor() {
    this.git('init', '--quiet', '--initial-branch=main');
  }

  /** Runs Git as the repository's owner would, with its own configuration. */
  git(...args: string[]): string {
    const date = `${this.clock} +0000`;
    const who = { GIT_AUTHOR_NAME: 'A', GIT_AUTHOR_EMAIL: 'a@example.com', GIT_AUTHOR_DATE: date };
    const by = { GIT_COMMITTER_NAME: 'A', GIT_COMMITTER_EMAIL: 'a@example.com', GIT_COMMITTER_DATE: date };
    return execFileSync('git', args, {
      cwd: this.dir,
      env: { PATH: process.env['PATH'], HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1', ...who, ...by },
      encoding: 'utf8',
      maxBuffer: 256 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  }

  write(files: Files): void {
    for (const [path, content] of Object.entries(files)) {
      const full = join(this.dir, path);
      mkdirSync(dirname(full), { recursive: true });
      if (content === null || (typeof content === 'object' && 'link' in content)) rmSync(full, { force: true });
      if (content === null) continue;
      if (typeof content === 'string' || Buffer.isBuffer(content)) writeFileSync(full, content);
      else if ('link' in content) symlinkSync(content.link, full);
      else writeFileSync(full, `${content.join('\n')}\n`);
    }
  }

  /** Writes the files and commits everything; gives the commit's id. */
  commit(files: Files, message = 'change'): string {
    this.clock += 1;
    this.write(files);
    this.git('add', '--all');
    this.git('commit', '--quiet', '--allow-empty', '--no-verify', `--message=${message}`);
    return this.git('rev-parse', 'HEAD');
  }

  /** Adds commits to `main` at one go, without touching the working folder; gives their ids. */
  grow(commits: readonly { files: Files; message?: string }[]): string[] {
    const marks = join(this.dir, '.git', 'marks');
    const stream = commits.flatMap(({ files, message = 'change' }, at) => {
      this.clock += 1;
      const head = `commit refs/heads/main\nmark :${at + 1}\ncommitter A <a@example.com> ${this.clock} +0000\n`;
      const from = at > 0 ? `from :${at}\n` : '';
      return [
        head,
        data(message),
        from,
        ...Object.entries(files).flatMap(([path, content]) => entry(path, content)),
        '\n',
      ];
    });
    const input = Buffer.concat(stream.map((part) => Buffer.from(part)));
    execFileSync('git', ['fast-import', '--quiet', '--force', `--export-marks=${marks}`], { cwd: this.dir, input });
    const ids = new Map(
      readFileSync(marks, 'utf8')
        .trim()
        .split('\n')
        .map((line) => line.split(' ') as [string, string]),
    );
    return commits.map((_, at) => ids.get(`:${at + 1}`) ?? '');
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** A length-prefixed block of a fast-import stream. */
const data = (content: string | Buffer): Buffer => {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from(`data ${bytes.length}\n`), bytes, Buffer.from('\n')]);
};

function entry(path: string, content: Files[string]): (string | Buffer)[] {
  const name = `"${path.replace(/["\\]/g, '\\$&')}"`;
  if (content === null) return [`D ${name}\n`];
  if (typeof content === 'string' || Buffer.isBuffer(content)) return [`M 100644 inline ${name}\n`, data(content)];
  if ('link' in content) return [`M 120000 inline ${name}\n`, data(content.link)];
  return [`M 100644 inline ${name}\n`, data(`${content.join('\n')}\n`)];
}
