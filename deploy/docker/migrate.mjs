/**
 * The migration job: brings every service's schema to the version of this image, and its two roles to the given
 * passwords. Safe to run twice and at once.
 *
 * ADMIN_DATABASE_URL    Postgres, as a role that may create schemas and roles
 * ROLE_PASSWORDS        JSON map of role (`auth_app`, `auth_system`, …) to password; or
 * ROLE_PASSWORDS_FILE   a file that holds it
 * MIGRATIONS_DIR        the services' SQL files; this checkout's unless told
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { migrate } from '../../libs/postgres-kit/dist/index.js';

const { ADMIN_DATABASE_URL: adminUrl, ROLE_PASSWORDS, ROLE_PASSWORDS_FILE, MIGRATIONS_DIR } = process.env;
const say = (fields) => console.log(JSON.stringify({ service: 'migrate', ...fields }));

try {
  if (!adminUrl) throw new Error('ADMIN_DATABASE_URL is not set');
  const text = ROLE_PASSWORDS ?? (ROLE_PASSWORDS_FILE && readFileSync(ROLE_PASSWORDS_FILE, 'utf8'));
  if (!text) throw new Error('neither ROLE_PASSWORDS nor ROLE_PASSWORDS_FILE is set');
  const applied = await migrate({
    adminUrl,
    passwords: parsePasswords(text),
    migrationsDir: MIGRATIONS_DIR ?? fileURLToPath(new URL('../../migrations', import.meta.url)),
    onApplied: (schema, file) => say({ msg: 'applied', schema, file }),
  });
  say({ msg: 'done', applied: applied.length });
} catch (error) {
  console.error(JSON.stringify({ service: 'migrate', msg: 'failed', error: error.message }));
  process.exitCode = 1;
}

/** The parser's own message would quote the passwords. */
function parsePasswords(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('ROLE_PASSWORDS is not a JSON object of role to password');
  }
}
