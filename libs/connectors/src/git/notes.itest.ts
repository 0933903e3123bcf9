import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ScratchRepository } from '../scratch/scratch-repository.js';
import { addNoteLines, readNoteLines, shareNotes } from './notes.js';

const REF = 'refs/notes/conclave';
const person = { PATH: process.env['PATH'], HOME: '/nonexistent' };
const forge = mkdtempSync(join(tmpdir(), 'conclave-forge-'));
const cloneOf = (name: string): ScratchRepository => {
  const repo = new ScratchRepository();
  repo.git('remote', 'add', 'origin', `file://${forge}`);
  repo.git('pull', '--quiet', 'origin', 'main');
  repo.git('config', 'user.name', name);
  return repo;
};
let first: string;
let second: string;

beforeAll(() => {
  execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', forge]);
  using origin = new ScratchRepository();
  first = origin.commit({ a: 'a' });
  second = origin.commit({ a: 'b' });
  origin.git('push', '--quiet', forge, 'main');
});
afterAll(() => rmSync(forge, { recursive: true, force: true }));

describe('lines in notes', () => {
  it('of clones that knew nothing of each other are united at the forge, without conflict', async () => {
    using ada = cloneOf('ada');
    using bob = cloneOf('bob');
    expect(await readNoteLines(ada.dir, REF)).toEqual([]);
    await addNoteLines(ada.dir, REF, first, ['log 5 x', 'log 3 y']);
    await addNoteLines(ada.dir, REF, first, ['log 5 x']);
    expect(ada.git('notes', `--ref=${REF}`, 'show', first)).toBe('log 3 y\nlog 5 x');
    await addNoteLines(bob.dir, REF, first, ['log 5 x', 'log 4 z']);
    await addNoteLines(bob.dir, REF, second, ['log 9 w']);
    expect(await Promise.all([ada, bob].map(({ dir }) => shareNotes(dir, REF, person)))).toEqual(['pushed', 'pushed']);
    expect(await shareNotes(ada.dir, REF, person)).toBe('pushed');
    const all = ['log 3 y', 'log 4 z', 'log 5 x', 'log 9 w'];
    for (const dir of [ada.dir, forge]) expect((await readNoteLines(dir, REF)).sort()).toEqual(all);
    using carol = cloneOf('carol');
    carol.git('fetch', '--quiet', 'origin', `${REF}:${REF}`);
    expect((await readNoteLines(carol.dir, REF)).sort()).toEqual(all);
  });

  it('travel without running anything that the repository’s configuration names', async () => {
    using repo = cloneOf('eve');
    const canary = `${repo.dir}-canary`;
    const trap = join(repo.dir, '.git/trap');
    writeFileSync(trap, `#!/bin/sh\necho "$0 $*" >> '${canary}'\n`);
    chmodSync(trap, 0o755);
    mkdirSync(join(repo.dir, '.git/hooks'), { recursive: true });
    for (const hook of ['pre-push', 'reference-transaction', 'post-merge', 'commit-msg'])
      execFileSync('cp', [trap, join(repo.dir, '.git/hooks', hook)]);
    for (const key of [
      'core.sshCommand',
      'credential.helper',
      'core.editor',
      'remote.origin.receivepack',
      'remote.origin.uploadpack',
    ])
      repo.git('config', key, trap);
    repo.git('config', 'commit.gpgsign', 'true');
    repo.git('config', 'gpg.program', trap);
    await addNoteLines(repo.dir, REF, second, ['log 11 v']);
    expect(await shareNotes(repo.dir, REF, person)).toBe('pushed');
    for (const url of [`ext::${trap}`, '-u./trap', `--upload-pack=${trap}`, 'ssh://-oProxyCommand=x/y', 'somewhere']) {
      repo.git('config', 'remote.origin.url', url);
      expect(await shareNotes(repo.dir, REF, person)).toEqual({ reason: expect.stringContaining('no remote') });
    }
    expect(existsSync(canary)).toBe(false);
    expect(await readNoteLines(forge, REF)).toContain('log 11 v');
  });

  it('take along the header that a pipeline’s checkout left, and say why the forge refuses', async () => {
    const seen: unknown[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(403).end('no');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    using repo = cloneOf('pipeline');
    repo.git('config', `http.${url}/.extraheader`, 'AUTHORIZATION: basic abc');
    repo.git('config', 'remote.origin.url', `${url}/x.git`);
    await addNoteLines(repo.dir, REF, second, ['log 12 u']);
    expect(await shareNotes(repo.dir, REF, person)).toEqual({ reason: expect.stringContaining('403') });
    expect(seen).toEqual(['basic abc']);
    server.close();
  });

  it('stay where they are without a remote', async () => {
    using repo = new ScratchRepository();
    await addNoteLines(repo.dir, REF, repo.commit({ a: 'a' }), ['log 1 t']);
    expect(await shareNotes(repo.dir, REF, person)).toEqual({ reason: expect.stringContaining('no remote') });
    expect(await readNoteLines(repo.dir, REF)).toEqual(['log 1 t']);
    await expect(addNoteLines(repo.dir, REF, 'nothing', ['x'])).rejects.toMatchObject({ code: 'unknown-ref' });
  });
});
