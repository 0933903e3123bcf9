import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { run } from '../processes/run.js';
import { findOrInstall } from './find-or-install.js';
import type { Installer } from './installer.js';
import { missingOf } from './install-apt.js';
import { packagesToInstall, rootlessInstaller } from './install-rootless.js';
import { locate } from './locate.js';
import { writeWrapper } from './wrapper.js';

describe('tools', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'tools-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const program = (folder: string, name: string, version: string) => {
    mkdirSync(join(dir, folder), { recursive: true });
    writeFileSync(join(dir, folder, name), `#!/bin/sh\necho "${name} (test) ${version}"\n`);
    chmodSync(join(dir, folder, name), 0o755);
  };
  const only = (...folders: string[]) => ({
    path: '',
    wellKnown: folders.map((folder) => join(dir, folder)),
    cacheDir: join(dir, 'cache'),
  });

  it('are found where a distribution hides them, all programs in one place, the first good version', async () => {
    program('half', 'postgres', '17.1');
    program('old', 'postgres', '9.6.24');
    program('old', 'initdb', '9.6.24');
    program('good', 'postgres', '15.7');
    program('good', 'initdb', '15.7');
    expect(await locate('postgres', only('half', 'old', 'good'))).toEqual({
      name: 'postgres',
      version: '15.7',
      programs: [join(dir, 'good/postgres'), join(dir, 'good/initdb')],
    });
  });

  it('are not found in a version that cannot read the data kept', async () => {
    program('good', 'nats-server', '2.10.1');
    expect(await locate('nats', only('good'))).toBeDefined();
    expect(await locate('nats', { ...only('good'), accepts: () => false })).toBeUndefined();
  });

  it('are installed one by one when all at once fails, and reasons are kept for what nobody could bring', async () => {
    const asked: string[][] = [];
    const way: Installer = {
      title: 'a way',
      offers: async (wanted) => wanted,
      install: async (wanted) => {
        asked.push([...wanted]);
        if (wanted.includes('redis')) throw new Error('no such package');
        program('cache/bin', 'nats-server', '2.10.1');
      },
    };
    const found = await findOrInstall(['nats', 'redis'], () => undefined, { ...only(), ways: [way] });
    expect(asked).toEqual([['nats', 'redis'], ['nats'], ['redis']]);
    expect([...found.located.keys()]).toEqual(['nats']);
    expect(found.failures.get('redis')).toEqual(['a way: no such package']);
  });

  it('from a cache run through a wrapper that keeps odd names and the pid', async () => {
    const odd = join(dir, "it's odd");
    writeFileSync(odd, '#!/bin/sh\necho "$MARK $1 $$"\n', { mode: 0o755 });
    const wrapper = join(dir, 'bin', 'tool');
    writeWrapper(wrapper, odd, { MARK: "a'b" });
    const { stdout } = await run('sh', ['-c', `${wrapper} "x y" & pid=$!; wait; echo $pid`]);
    expect(stdout).toMatch(/^a'b x y (\d+)\n\1\n$/);
  });

  it('are fetched once more with lists of our own when the machine has old ones', async () => {
    const script = (name: string, text: string) => {
      mkdirSync(join(dir, 'fake'), { recursive: true });
      writeFileSync(join(dir, 'fake', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    };
    script(
      'apt-get',
      `echo "$*" >> ${dir}/said
case "$*" in
*' -s '*) echo 'Inst bubblewrap (0.8.0-2 Debian [amd64])' ;;
*' update') touch ${dir}/updated ;;
*' download '*) [ -e ${dir}/updated ] || { echo '404  Not Found'; exit 100; }; touch bubblewrap.deb ;;
esac`,
    );
    script(
      'dpkg-deb',
      `mkdir -p "$3/usr/bin"; printf '#!/bin/sh\\necho bubblewrap 0.8.0\\n' > "$3/usr/bin/bwrap"; chmod 755 "$3/usr/bin/bwrap"`,
    );
    const outer = { ...process.env };
    Object.assign(process.env, { PATH: `${dir}/fake:${outer['PATH']}`, CONCLAVE_TOOL_CACHE: join(dir, 'cache') });
    try {
      await rootlessInstaller.install(['bubblewrap']);
    } finally {
      process.env = outer;
    }
    expect(await locate('bubblewrap', only('cache/bin'))).toMatchObject({ version: '0.8.0' });
    const last = readFileSync(join(dir, 'said'), 'utf8').trim().split('\n').at(-1);
    expect(last).toContain(`Dir::State::lists=${dir}/cache/apt/lists`);
  });

  it('that are there already keep their daemons: those count as missing that dpkg has not installed', async () => {
    const answer = 'postgresql installed\nredis-server config-files\n';
    mkdirSync(join(dir, 'fake'));
    writeFileSync(join(dir, 'fake/dpkg-query'), `#!/bin/sh\nprintf '${answer}'\nexit 1\n`, { mode: 0o755 });
    const outer = process.env['PATH'];
    process.env['PATH'] = `${dir}/fake:${outer}`;
    try {
      expect(await missingOf(['postgresql', 'redis-server', 'nats-server'])).toEqual(['redis-server', 'nats-server']);
    } finally {
      process.env['PATH'] = outer;
    }
  });

  it('are resolved from what apt would do, without the compiler Postgres does not use', () => {
    const simulated = [
      'Inst libllvm14 (1:14.0.6-12 Debian:12.11/stable [amd64])',
      'Inst liblzf1 (3.6-3 Debian:12.11/stable [amd64]) []',
      'Inst redis-tools [5:7.0.14-1] (5:7.0.15-1~deb12u4 Debian:12.11/stable [amd64])',
      'Conf redis-tools (5:7.0.15-1~deb12u4 Debian:12.11/stable [amd64])',
    ].join('\n');
    expect(packagesToInstall(simulated)).toEqual(['liblzf1=3.6-3', 'redis-tools=5:7.0.15-1~deb12u4']);
  });
});
