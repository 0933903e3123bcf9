import { mustRun, run } from '../processes/run.js';
import type { Installer } from './installer.js';
import { tools } from './tools.js';

/** macOS (and Linuxbrew); formulas are installed, none is started as a brew service. */
export const brewInstaller: Installer = {
  title: 'brew',
  async offers(wanted) {
    const offered = wanted.filter((name) => tools[name].brew !== undefined);
    return offered.length > 0 && (await run('brew', ['--version'])).code === 0 ? offered : [];
  },
  async install(wanted) {
    const formulas = wanted.flatMap((name) => tools[name].brew ?? []);
    await mustRun('brew', ['install', '--quiet', ...formulas], {
      env: { ...process.env, HOMEBREW_NO_AUTO_UPDATE: '1', HOMEBREW_NO_INSTALL_CLEANUP: '1' },
    });
  },
};
