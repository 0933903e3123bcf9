/** What a path says about its file. Only names are read here, so the answers hold for files nobody opened. */

const testFolder = /(^|\/)(tests?|__tests__|specs?|e2e|testing|testdata|integration[-_]tests?)\//i;
const testName =
  /(^|\/)(test_[^/]*\.py|conftest\.py|[^/]*([._-](test|tests|spec|itest|e2e|cy))\.[a-z]+|[^/]*(Tests?|Spec|IT)\.(java|kt|kts|cs|swift|scala|groovy|php|m)|[^/]*_(test|spec)\.[a-z]+|tests?\.(rs|py|sh)|[^/]*\.bats)$/;
const lockfile =
  /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lockb?|Cargo\.lock|go\.sum|poetry\.lock|uv\.lock|pdm\.lock|Pipfile\.lock|composer\.lock|Gemfile\.lock|mix\.lock|pubspec\.lock|Podfile\.lock|packages\.lock\.json|gradle\.lockfile|flake\.lock|\.terraform\.lock\.hcl)$/;
const manifest =
  /(^|\/)(package\.json|pnpm-workspace\.yaml|\.npmrc|\.yarnrc(\.yml)?|Cargo\.toml|go\.mod|pyproject\.toml|setup\.(py|cfg)|requirements[^/]*\.(txt|in)|Pipfile|pip\.conf|composer\.json|Gemfile)$/;
const ci =
  /^(\.github\/(workflows|actions)\/.+\.ya?ml|\.gitlab-ci\.ya?ml|\.gitlab\/ci\/.+\.ya?ml|\.circleci\/.+\.ya?ml|azure-pipelines[^/]*\.ya?ml|bitbucket-pipelines\.yml|Jenkinsfile[^/]*|\.travis\.yml|\.drone\.ya?ml|\.woodpecker(\/.+)?\.ya?ml|\.buildkite\/.+\.ya?ml|appveyor\.yml|\.ci\/.+)$|(^|\/)action\.ya?ml$/;
const documentation =
  /(\.(md|mdx|markdown|rst|adoc|txt|tex|org)$)|(^|\/)(docs?|documentation)\/|(^|\/)(README|CHANGELOG|LICEN[CS]E|NOTICE|AUTHORS)[^/]*$/i;
const generated =
  /(^|\/)(node_modules|vendor|third[-_]party|dist|build|out|target|generated|__generated__|\.yarn|Pods|bower_components)\/|\.(min\.(js|css|mjs)|map|snap|pb\.go|pb\.(cc|h)|g\.dart|freezed\.dart)$|_pb2(_grpc)?\.pyi?$|[._-](generated|gen)\.[a-z]+$/;
const locale = /(^|\/)(locales?|i18n|l10n|translations?|lang|messages)\/|\.(po|pot|ftl|strings|arb|xliff?|resx)$/i;
const fixture = /(^|\/)(fixtures?|__fixtures__|testdata|mocks?|__mocks__|examples?|samples?)\//i;

/** A test, or something that only tests use. */
export const isTestFile = (path: string): boolean => testFolder.test(path) || testName.test(path);
/** Sample input of tests or documentation. */
export const isFixture = (path: string): boolean => fixture.test(path);
export const isLockfile = (path: string): boolean => lockfile.test(path);
/** A file that declares dependencies or where they come from. */
export const isManifest = (path: string): boolean => manifest.test(path);
/** A pipeline definition of a known forge. */
export const isCi = (path: string): boolean => ci.test(path);
export const isDocumentation = (path: string): boolean => documentation.test(path) && !isManifest(path);
/** Written by a tool or copied from elsewhere: nobody reviews its style. */
export const isGenerated = (path: string): boolean => generated.test(path) || isLockfile(path);
/** Texts for people in their languages. */
export const isLocale = (path: string): boolean => locale.test(path);

/** Files a check may need although the change leaves them alone; readers put their text into `Change.context`. */
export const isContextPath = (path: string): boolean =>
  isLockfile(path) ||
  isManifest(path) ||
  isCi(path) ||
  path.startsWith('.conclave/') ||
  /^(\.github\/|\.gitlab\/|docs\/)?CODEOWNERS$/.test(path);

/** The folder of a path with its closing slash, empty at the top. */
export const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);
/** The last segment of a path. */
export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
