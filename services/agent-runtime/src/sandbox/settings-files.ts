/**
 * Files of /etc that programs look names up in, made up: the sandbox has one user and one host, and those of the machine
 * are nobody's business.
 */
export function settingsFiles(uid: number): readonly (readonly [path: string, text: string])[] {
  return [
    ['/etc/hosts', '127.0.0.1 localhost sandbox\n'],
    ['/etc/passwd', `root:x:0:0:root:/:/bin/sh\nsandbox:x:${uid}:${uid}:sandbox:/tmp:/bin/sh\n`],
    ['/etc/group', `root:x:0:\nsandbox:x:${uid}:\n`],
    ['/etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files\n'],
  ];
}
