/** `conclave login` as a person does it: the command in one window, the console in another. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { run } from '../processes/run.js';
import { program } from './story.js';

/** A page of the console, as far as the edge can tell. */
export type Page = (method: string, path: string, body?: object) => Promise<{ status: number; body: Json }>;
type Json = { readonly [member: string]: unknown };

/** What a browser sends that was signed in with a key. */
export async function openSignIn(gateway: string, apiKey: string): Promise<Readonly<Record<string, string>>> {
  const signIn = await fetch(`${gateway}/v1/sign-ins`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ apiKey }),
  });
  const { csrf } = (await signIn.json()) as { csrf: string };
  const cookie = signIn.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  return { cookie, 'x-conclave-csrf': csrf };
}

/** Signs a browser in with a key. */
export async function openPage(gateway: string, apiKey: string): Promise<Page> {
  const sent = await openSignIn(gateway, apiKey);
  return async (method, path, body) => {
    const response = await fetch(gateway + path, {
      method,
      headers: { ...sent, ...(body ? { 'content-type': 'application/json' } : {}) },
      body: body ? JSON.stringify(body) : null,
    });
    return { status: response.status, body: (await response.json()) as Json };
  };
}

export interface LoggedIn {
  readonly code: number;
  /** What the command said at the end. */
  readonly said: Json;
  /** What the login left. */
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Runs another command under the login. */
  conclave(...words: string[]): ReturnType<typeof run>;
}

/** Runs the command; `answer` is what the person does with the code it shows. */
export async function logIn(
  gateway: string,
  home: string,
  scope: string,
  answer: (userCode: string) => Promise<unknown>,
): Promise<LoggedIn> {
  const { CONCLAVE_API_KEY: _, CONCLAVE_URL: __, XDG_CONFIG_HOME: ___, ...outer } = process.env;
  const env = { ...outer, HOME: home, CONCLAVE_STATE_DIR: home };
  const words = ['login', '--url', gateway, '--scope', scope, '--json'];
  const command = spawn(process.execPath, [program, ...words], { env, cwd: '/', stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(command, 'close') as Promise<[number]>;
  const lines: Json[] = [];
  for await (const line of createInterface(command.stdout)) {
    lines.push(JSON.parse(line) as Json);
    if (lines.length === 1) await answer(String(lines[0]!['userCode']));
  }
  const [code] = await ended;
  const kept = readFileSync(join(home, '.config/conclave/credentials.json'), 'utf8');
  const { logins } = JSON.parse(kept) as { logins: Record<string, { accessToken: string; refreshToken: string }> };
  return {
    ...{ code, said: lines.at(-1)!, ...logins[gateway]! },
    conclave: (...more) => run(process.execPath, [program, ...more], { env, cwd: '/' }),
  };
}
