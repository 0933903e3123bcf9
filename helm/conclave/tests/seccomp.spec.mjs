import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './chart.mjs';

const profile = JSON.parse(readFileSync(join(repositoryRoot, 'deploy/seccomp/sandbox.json'), 'utf8'));
const namesOf = (action) => profile.syscalls.filter((it) => it.action === action).flatMap(({ names }) => names);

describe('the seccomp profile of sandboxes', () => {
  it('refuses what it does not name', () => {
    expect(profile.defaultAction).toBe('SCMP_ACT_ERRNO');
  });

  it('adds to the default profile what bubblewrap needs, and nothing else', () => {
    expect(profile.syscalls.at(-1)).toEqual({
      names: ['clone', 'mount', 'pivot_root', 'sethostname', 'umount', 'umount2', 'unshare'],
      action: 'SCMP_ACT_ALLOW',
    });
  });

  it('names no call that reaches the kernel itself', () => {
    const privileged = [
      'bpf',
      'finit_module',
      'init_module',
      'kexec_load',
      'keyctl',
      'add_key',
      'open_by_handle_at',
      'perf_event_open',
      'reboot',
      'setns',
      'syslog',
      'userfaultfd',
      'io_uring_setup',
    ];
    expect(namesOf('SCMP_ACT_ALLOW').filter((name) => privileged.includes(name))).toEqual([]);
  });

  it('sends clone3, whose flags it cannot see, back to clone', () => {
    const { names, ...rest } = profile.syscalls.find((it) => it.names.includes('clone3'));
    expect([names, rest]).toEqual([['clone3'], { action: 'SCMP_ACT_ERRNO', errnoRet: 38 }]);
  });
});
