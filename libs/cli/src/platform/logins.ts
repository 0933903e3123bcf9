/**
 * The logins of a person, in a file that is theirs alone: each under the name of its profile, or the address of its
 * platform. Commands that run at once share it: who changes it holds a lock, and what is there is replaced as a whole.
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Call } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { Fault } from '../fault.js';

/** What a login at a browser left. */
export interface Tokens {
  readonly refreshToken: string;
  readonly accessToken: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** An API key, kept as it was given. */
export interface KeptKey {
  readonly apiKey: string;
}

/** With the address of its platform where it is kept under another name. */
export type Login = (Tokens | KeptKey) & { readonly url?: string };

interface File {
  /** The name of the login in use. */
  readonly current?: string;
  readonly logins: Readonly<Record<string, Login>>;
}

/** A lock that is older was left by a program that is gone. */
const STALE_MS = 30_000;
const PATIENCE_MS = 45_000;
const LOOK_AGAIN_MS = 50;

export const loginsOf = ({ env }: Pick<Call, 'env'>): Logins =>
  new Logins(join(env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config'), 'conclave', 'credentials.json'));

export class Logins {
  constructor(readonly path: string) {}

  current(): string | undefined {
    const { current, logins } = this.read();
    return current !== undefined && Object.hasOwn(logins, current) ? current : undefined;
  }

  at(name: string): Login | undefined {
    const { logins } = this.read();
    return Object.hasOwn(logins, name) ? logins[name] : undefined;
  }

  /** Every login, by its name. */
  all(): readonly (readonly [string, Login])[] {
    return Object.entries(this.read().logins);
  }

  /** Keeps a login; it is the one in use from now on if told. Needs the lock. */
  keep(name: string, login: Login, use = false): void {
    const { current, logins } = this.read();
    const kept = use ? name : current;
    this.write({ ...(kept === undefined ? {} : { current: kept }), logins: { ...logins, [name]: login } });
  }

  /** Needs the lock. */
  forget(name: string): void {
    const { current, logins } = this.read();
    const { [name]: _, ...others } = logins;
    const next = current === name ? Object.keys(others).at(-1) : current;
    this.write({ ...(next === undefined ? {} : { current: next }), logins: others });
  }

  /** Runs `work` while no other program changes the file. @throws Fault `cli.locked` */
  async locked<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const lock = `${this.path}.lock`;
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    for (const giveUpAt = Date.now() + PATIENCE_MS; !take(lock);) {
      if (Date.now() > giveUpAt) {
        const advice = `If no other conclave command runs, remove ${lock}`;
        throw new Fault(EXIT.local, 'cli.locked', `another command holds ${this.path}`, advice);
      }
      await sleep(LOOK_AGAIN_MS, undefined, { signal });
    }
    try {
      return await work();
    } finally {
      rmSync(lock, { recursive: true, force: true });
    }
  }

  private read(): File {
    try {
      const { current, logins } = JSON.parse(readFileSync(this.path, 'utf8')) as Partial<File>;
      return { ...(typeof current === 'string' ? { current } : {}), logins: logins ?? {} };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { logins: {} };
      const advice = 'Make it readable, or remove it and run conclave login again.';
      throw new Fault(EXIT.local, 'cli.credentials', `${this.path} cannot be read`, advice, { cause: error });
    }
  }

  private write(file: File): void {
    const fresh = `${this.path}.${process.pid}`;
    writeFileSync(fresh, `${JSON.stringify(file, undefined, 2)}\n`, { mode: 0o600 });
    chmodSync(fresh, 0o600);
    renameSync(fresh, this.path);
  }
}

/** A folder is made by one only; its age says whether who made it is still there. */
function take(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  try {
    if (Date.now() - statSync(lock).mtimeMs > STALE_MS) rmSync(lock, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return false;
}
