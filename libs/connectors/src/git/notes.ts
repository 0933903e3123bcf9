/**
 * Lines in git notes: sets of lines about commits, which clones carry on and unite without conflict.
 *
 * A note is a sorted set of lines, so two clones that wrote about one commit are united line by line (`cat_sort_uniq`).
 * The work is done in a bare repository of our own that shares the object store: what the repository's own
 * configuration says is not run, neither here nor when the notes travel with the person's credentials.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { blobSizes, readBlobs } from './blobs.js';
import { makeBareRepository } from './bundle.js';
import { git, gitLine, gitRecords, tryGit, type GitRun } from './git-process.js';
import { resolveCommit } from './repository.js';

/** Notes above this size are passed over, and what comes after so many. */
const MAX_NOTE_BYTES = 1024 * 1024;
const MAX_NOTES = 100_000;
const WHO = { NAME: 'conclave', EMAIL: 'conclave@localhost' };
const IDENTITY = Object.fromEntries(
  ['AUTHOR', 'COMMITTER'].flatMap((role) => Object.entries(WHO).map(([key, value]) => [`GIT_${role}_${key}`, value])),
);
const THEIRS = 'refs/conclave/theirs';
const PUSH_TRIES = 4;
const TRAVEL_MS = 30_000;

/** Every line of every note under `ref`, each once; none where there are no notes. */
export async function readNoteLines(repository: string, ref: string): Promise<string[]> {
  const tip = await refTip(repository, ref);
  if (tip === undefined) return [];
  const ids: string[] = [];
  for await (const record of gitRecords(repository, ['ls-tree', '-r', '-z', tip])) {
    const [, id] = /^100644 blob ([0-9a-f]+)\t/.exec(record.toString('latin1')) ?? [];
    if (id && ids.push(id) >= MAX_NOTES) break;
  }
  const sizes = await blobSizes(repository, ids);
  const blobs = await readBlobs(
    repository,
    ids.filter((id) => (sizes.get(id) ?? Infinity) <= MAX_NOTE_BYTES),
  );
  const lines = [...blobs.values()].flatMap((blob) => blob.toString('utf8').split('\n'));
  return [...new Set(lines.filter(Boolean))];
}

/** Adds lines to the note on a commit; a line that is there stays as it is. */
export async function addNoteLines(
  repository: string,
  ref: string,
  commit: string,
  lines: readonly string[],
): Promise<void> {
  const id = await resolveCommit(repository, commit);
  await apart(repository, async (scratch) => {
    const before = await scratch.adopt(ref);
    const shown = await scratch.try(['notes', `--ref=${ref}`, 'show', id]);
    const known = shown.status === 0 ? shown.stdout.toString('utf8').split('\n') : [];
    const note = [...new Set([...known.filter(Boolean), ...lines])].sort();
    await scratch.git(['notes', `--ref=${ref}`, 'add', '--force', '--file=-', id], { input: `${note.join('\n')}\n` });
    await scratch.giveBack(ref, before);
  });
}

/**
 * Unites the notes with those of `origin` and pushes them there, as the person whose environment this is.
 * @returns why not, where there is no such remote or it refuses
 */
export async function shareNotes(
  repository: string,
  ref: string,
  person: NodeJS.ProcessEnv,
): Promise<'pushed' | { readonly reason: string }> {
  const url = await remoteOf(repository);
  if (url === undefined) return { reason: 'there is no remote `origin` with an address to push to' };
  const travel: GitRun = { person: await withHeaders(repository, person), timeoutMs: TRAVEL_MS };
  return apart(repository, async (scratch) => {
    let reason = '';
    for (let tries = 0; tries < PUSH_TRIES; tries++) {
      const before = await scratch.adopt(ref);
      const fetched = await scratch.try(
        ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--', url, `+${ref}:${THEIRS}`],
        travel,
      );
      const none = /couldn't find remote ref/.test(fetched.stderr);
      if (fetched.status !== 0 && !none) return { reason: complaint(fetched.stderr) };
      if (!none) await scratch.git(['notes', `--ref=${ref}`, 'merge', '--quiet', '--strategy=cat_sort_uniq', THEIRS]);
      await scratch.giveBack(ref, before);
      const pushed = await scratch.try(['push', '--quiet', '--', url, `${ref}:${ref}`], travel);
      if (pushed.status === 0) return 'pushed';
      reason = complaint(pushed.stderr);
      if (!/\[(remote )?rejected\]|fetch first|non-fast-forward|cannot lock ref/.test(pushed.stderr)) break;
    }
    return { reason };
  });
}

/** A bare repository of ours on the objects of another. */
class Scratch {
  constructor(
    private readonly dir: string,
    private readonly repository: string,
    private readonly objects: string,
  ) {}

  try(args: readonly string[], run: GitRun = {}) {
    return tryGit(this.dir, args, this.onObjects(run));
  }

  git(args: readonly string[], run: GitRun = {}) {
    return git(this.dir, args, this.onObjects(run));
  }

  /** Takes over where the repository's ref stands. */
  async adopt(ref: string): Promise<string | undefined> {
    const tip = await refTip(this.repository, ref);
    if (tip !== undefined) await this.git(['update-ref', ref, tip]);
    return tip;
  }

  /** Moves the repository's ref to where ours is; fails when somebody moved it meanwhile. */
  async giveBack(ref: string, before: string | undefined): Promise<void> {
    const tip = (await this.git(['rev-parse', '--verify', ref])).toString('utf8').trim();
    if (tip !== before) await git(this.repository, ['update-ref', ref, tip, before ?? '0'.repeat(tip.length)]);
  }

  private onObjects(run: GitRun): GitRun {
    return { ...run, env: { ...IDENTITY, ...run.env, GIT_OBJECT_DIRECTORY: this.objects } };
  }
}

async function apart<T>(repository: string, work: (scratch: Scratch) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'conclave-notes-'));
  try {
    const asked = await gitLine(repository, ['rev-parse', '--show-object-format', '--git-path', 'objects']);
    const [objectFormat = '', objects = ''] = asked.split('\n');
    await makeBareRepository(dir, { refs: {}, shallow: [], objectFormat });
    return await work(new Scratch(dir, repository, resolve(repository, objects)));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function refTip(repository: string, ref: string): Promise<string | undefined> {
  const { status, stdout } = await tryGit(repository, ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]);
  return status === 0 ? stdout.toString('utf8').trim() : undefined;
}

/** Where `origin` is pushed to: an address of a kind that names a place and no program. */
async function remoteOf(repository: string): Promise<string | undefined> {
  for (const key of ['remote.origin.pushurl', 'remote.origin.url']) {
    const { status, stdout } = await tryGit(repository, ['config', '--local', '--get', key]);
    const url = stdout.toString('utf8').trim();
    if (status === 0)
      return /^((https?|ssh|git|file):\/\/[^-]|[\w.][\w.-]*@[\w.][\w.-]*:|\/)/.test(url) ? url : undefined;
  }
  return undefined;
}

/** Pipelines leave the credentials of their checkout in headers of the repository's configuration: those go along. */
async function withHeaders(repository: string, person: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  const { stdout } = await tryGit(repository, [
    ...['config', '--local', '--includes', '--null', '--get-regexp'],
    '^http\\..*\\.extraheader$',
  ]);
  const settings = stdout.toString('utf8').split('\0').filter(Boolean);
  const env = { ...person };
  let count = Number(person['GIT_CONFIG_COUNT'] ?? 0);
  for (const setting of settings) {
    const end = setting.indexOf('\n');
    env[`GIT_CONFIG_KEY_${count}`] = setting.slice(0, end);
    env[`GIT_CONFIG_VALUE_${count++}`] = setting.slice(end + 1);
  }
  return count > 0 ? { ...env, GIT_CONFIG_COUNT: String(count) } : env;
}

/** What git complains of first; what follows is advice. */
function complaint(stderr: string): string {
  const lines = stderr.trim().split('\n');
  return (lines.find((line) => /^\s*(fatal|error|remote|!)/.test(line)) ?? lines.at(-1) ?? '').trim().slice(0, 300);
}
