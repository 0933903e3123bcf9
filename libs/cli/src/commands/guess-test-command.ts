import { access, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** How a repository most likely runs its tests, from what lies at its top; nothing when that says nothing. */
export async function guessTestCommand(top: string): Promise<string | undefined> {
  const has = (file: string): Promise<boolean> =>
    access(join(top, file)).then(
      () => true,
      () => false,
    );
  const script = await npmTest(top);
  if (script) {
    if (await has('pnpm-lock.yaml')) return 'pnpm test';
    if (await has('yarn.lock')) return 'yarn test';
    return 'npm test';
  }
  if (/^test\s*:/m.test(await textOf(join(top, 'Makefile')))) return 'make test';
  if (await has('go.mod')) return 'go test ./...';
  if (await has('Cargo.toml')) return 'cargo test';
  if ((await has('pyproject.toml')) || (await has('pytest.ini'))) return 'python3 -m pytest -q';
  const names = await readdir(top).catch(() => []);
  return names.some((name) => /^test\w*\.py$/.test(name)) ? 'python3 -m unittest' : undefined;
}

/** Whether package.json has a test script, other than the one `npm init` writes. */
async function npmTest(top: string): Promise<boolean> {
  try {
    const { scripts } = JSON.parse(await textOf(join(top, 'package.json'))) as { scripts?: { test?: unknown } };
    return typeof scripts?.test === 'string' && !scripts.test.includes('no test specified');
  } catch {
    return false;
  }
}

const textOf = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
