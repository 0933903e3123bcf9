import { mustRun, run } from '../processes/run.js';
import type { Installer } from './installer.js';
import { tools, type ToolName } from './tools.js';

/**
 * Installs Debian packages without letting them start or enable a daemon: Conclave runs its own instances on its own
 * ports. Daemons of packages that were there before are the user's; the first word names the others. Package lists are
 * fetched when a bare image has none, or when they turn out to be out of date.
 */
const SCRIPT = `
set -e
fresh=$1
shift
export DEBIAN_FRONTEND=noninteractive
made=
trap 'rm -f $made' EXIT
temporarily() {
  if [ ! -e "$1" ]; then mkdir -p "$(dirname "$1")"; printf '%b' "$2" > "$1"; chmod 755 "$1"; made="$made $1"; fi
}
temporarily /usr/sbin/policy-rc.d '#!/bin/sh\\nexit 101\\n'
temporarily /etc/postgresql-common/createcluster.d/conclave.conf 'create_main_cluster = false\\n'
install() { apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=120 "$@"; }
update() { apt-get update -q -o DPkg::Lock::Timeout=120 || true; }
ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 || update
install "$@" || { update; install "$@"; }
if [ -n "$fresh" ] && [ -d /run/systemd/system ]; then systemctl disable --quiet $fresh 2>/dev/null || true; fi
`;

/** Debian and Ubuntu, as root or with a sudo that asks no password. */
export const aptInstaller: Installer = {
  title: 'apt-get',
  async offers(wanted) {
    if ((await run('apt-get', ['--version'])).code !== 0) return [];
    return isRoot() || (await run('sudo', ['-n', 'true'])).code === 0 ? wanted : [];
  },
  async install(wanted) {
    const packages = packagesOf(wanted);
    const command = ['sh', '-c', SCRIPT, 'conclave', (await missingOf(packages)).join(' '), ...packages] as const;
    await (isRoot() ? mustRun(command[0], command.slice(1)) : mustRun('sudo', ['-n', ...command]));
  },
};

/** Those of the packages that are not installed. */
export async function missingOf(packages: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await run('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\\n', ...packages]);
  const installed = stdout.split('\n');
  return packages.filter((name) => !installed.includes(`${name} installed`));
}

const isRoot = () => process.getuid?.() === 0;

export const packagesOf = (wanted: readonly ToolName[]) => wanted.flatMap((name) => tools[name].apt);
