/** What of /etc a program needs to start: the linker's cache, alternatives, and public certificates. No users, no secrets. */
export const runtimePaths = [
  '/etc/alternatives',
  '/etc/ld.so.cache',
  '/etc/ld.so.conf',
  '/etc/ld.so.conf.d',
  '/etc/ssl/certs',
  '/etc/ca-certificates',
] as const;
