/** What a change lets into the build: dependencies, registries, install scripts, pipelines and downloaded code. */
import type { Change } from '../change.js';
import { canonicalFindings, type Check, type Finding } from '../check.js';
import { isCi, isDocumentation, isFixture, isLockfile, isManifest, isTestFile, nameOf } from '../source/file-kind.js';
import { addedLines, net, removedLines, textFiles, type TouchedLine } from '../source/introduced.js';
import { runsUnseenCode } from '../source/remote-code.js';
import { dependencyFindings, lineNaming } from './dependency-changes.js';
import { jsonObject, objectOf, stringsOf } from './json-value.js';
import { isPublicRegistry, lockFindings } from './lock-changes.js';
import { hostOf } from './lockfiles.js';
import { touchesPipelines, workflowFindings } from './workflows.js';

export const supplyChain: Check = {
  id: 'supply-chain',
  version: '1.0.0',
  family: 'conclave',
  title: 'Supply chain',
  description:
    'Compares manifests with lockfiles and finds install scripts, foreign hosts, changed checksums, dependencies from addresses, unpinned or over-privileged pipelines, and downloaded code that is run.',
  limits:
    'Works offline: whether a package is malicious, deprecated or misspelled is not known. Reads npm, pnpm, yarn, Cargo, Go, pip, Poetry, uv, Pipenv, Composer and Bundler files by their text; where a lockfile format does not record ranges, only missing or unfitting versions are told. GitHub’s own actions may be used by tag.',
  reads: ({ path, status }) => status !== 'deleted' && hasRiskyLines(path),
  readsContext: true,
  run(change) {
    const concerned = ({ path }: { path: string }): boolean =>
      isManifest(path) || isLockfile(path) || runsCommands(path);
    if (!change.files.some(concerned) && !touchesPipelines(change)) {
      return { applies: false, reason: 'the change touches no manifest, lockfile, pipeline or script' };
    }
    const findings = [
      ...dependencyFindings(change),
      ...lockFindings(change),
      ...scriptFindings(change),
      ...workflowFindings(change),
      ...lineFindings(change),
    ];
    return { applies: true, findings: canonicalFindings(findings) };
  },
};

const onInstall = ['preinstall', 'install', 'postinstall'];
const onPack = ['prepare', 'prepublish', 'preprepare', 'postprepare'];

/** Lifecycle scripts of npm packages that are new or say something else. */
function scriptFindings(change: Change): Finding[] {
  return change.files
    .filter(
      ({ path, status }) =>
        status !== 'deleted' && nameOf(path) === 'package.json' && !isFixture(path) && !isTestFile(path),
    )
    .flatMap(({ path, oldPath }) => {
      const manifest = jsonObject(change.context.head[path]);
      const old = jsonObject(change.context.base[oldPath ?? path]);
      const [before, now] = [stringsOf(old?.['scripts']), stringsOf(manifest?.['scripts'])];
      const scripts = [...onInstall, ...onPack].flatMap((name): Finding[] => {
        if (!now.has(name) || now.get(name) === before.get(name)) return [];
        const severity = onInstall.includes(name) ? 'error' : 'warning';
        return [
          {
            path,
            line: lineNaming(change, path, name),
            rule: 'install-script',
            severity,
            message: `"${name}" runs on everyone who installs this`,
          },
        ];
      });
      return [...scripts, ...trusted(change, path, old, manifest)];
    });
}

/** Packages that are newly allowed to run code on install. */
function trusted(
  change: Change,
  path: string,
  old: Record<string, unknown> | undefined,
  now: Record<string, unknown> | undefined,
): Finding[] {
  const listed = (manifest: Record<string, unknown> | undefined): string[] =>
    [manifest?.['trustedDependencies'], objectOf(manifest?.['pnpm'])?.['onlyBuiltDependencies']].flatMap((list) =>
      Array.isArray(list) ? list.filter((name): name is string => typeof name === 'string') : [],
    );
  const known = new Set(listed(old));
  return listed(now)
    .filter((name) => !known.has(name))
    .map((name) => ({
      path,
      line: lineNaming(change, path, name),
      rule: 'install-script',
      severity: 'warning',
      message: `${name} may now run code when it is installed`,
    }));
}

/** Files whose lines a shell or an installer carries out. */
const runsCommands = (path: string): boolean =>
  isCi(path) ||
  /^(Dockerfile.*|.*\.Dockerfile|Containerfile|(GNU)?Makefile|justfile|Taskfile\.ya?ml|package\.json|.*\.(sh|bash|zsh|ps1|mk))$/.test(
    nameOf(path),
  );

/** Lockfiles and manifests are read whole, from the context; these are read line by line too. */
const hasRiskyLines = (path: string): boolean =>
  (runsCommands(path) || isManifest(path)) &&
  !isLockfile(path) &&
  !isDocumentation(path) &&
  !isFixture(path) &&
  !isTestFile(path);

interface LineRisk extends Finding {
  signature: string;
}

const setting =
  /^\s*(?:export\s+|set\s+|-\s+)?(ignore-scripts|strict-ssl|GONOSUMDB|GONOSUMCHECK|GOFLAGS|GOINSECURE|NODE_TLS_REJECT_UNAUTHORIZED|npm_config_strict_ssl|GIT_SSL_NO_VERIFY|PYTHONHTTPSVERIFY|enableStrictSsl|verify_ssl|unsafeHttpWhitelist)\s*[:=]\s*["']?(false|0|true|1|\*|-insecure|off)/i;
const registry =
  /\b(?:registry|npmRegistryServer|index-url|extra-index-url|index_url|find-links|trusted-host|GOPROXY|replace-with)\b\s*[:=\s]\s*["']?(https?:\/\/[^\s"',]+)|^\s*(?:source|url)\s*[=\s]\s*["'](https?:\/\/[^"']+)["']/;

function lineFindings(change: Change): Finding[] {
  const views = textFiles(change, hasRiskyLines);
  const left = net(
    views.flatMap((view) => addedLines(view).flatMap(lineRisks)),
    views.flatMap((view) => removedLines(view).flatMap(lineRisks)),
  );
  return left.added.map(({ path, line, rule, severity, message }) => ({ path, line, rule, severity, message }));
}

function lineRisks({ view, line, text, comment }: TouchedLine): LineRisk[] {
  const told = text.slice(0, text.length - comment.trimStart().length);
  const at = { path: view.path, line };
  const risks: LineRisk[] = [];
  if (runsUnseenCode(told)) {
    const severity = isCi(view.path) || /http:\/\/|--insecure|\s-k\s/.test(told) ? 'error' : 'warning';
    risks.push({
      ...at,
      rule: 'remote-code',
      severity,
      message: 'code is downloaded and run without a look at it: pin it by checksum',
      signature: `remote ${told.trim()}`,
    });
  }
  const [, key, value] = setting.exec(told) ?? [];
  if (key && weakens(key.toLowerCase(), value?.toLowerCase() ?? '')) {
    risks.push({
      ...at,
      rule: 'protection-off',
      severity: 'error',
      message: `${key} is set so that a protection of the build is off`,
      signature: `off ${key}`,
    });
  }
  const match = registry.exec(told);
  const host = hostOf(match?.[1] ?? match?.[2] ?? '');
  if (host && !isPublicRegistry(host) && (isManifest(view.path) || runsCommands(view.path))) {
    const plain = /http:\/\//.test(told);
    risks.push({
      ...at,
      rule: 'registry',
      severity: plain ? 'error' : 'warning',
      message: `packages may now come from ${host}${plain ? ' over an unprotected connection' : ''}`,
      signature: `registry ${host}`,
    });
  }
  return risks;
}

/** For most settings "false" is the weak value; for the few that name an exception any value is. */
const weakens = (key: string, value: string): boolean => {
  if (/^(gonosum|goinsecure|goflags|unsafehttp|git_ssl_no_verify)/.test(key)) return value !== 'false' && value !== '0';
  return value === 'false' || value === '0' || value === 'off';
};
