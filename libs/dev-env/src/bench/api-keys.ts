import type { Role } from '@conclave/contracts';
import type { Platform } from './platform.js';

/** So many share a load that no principal reaches its rate limit: the limits are at work all the same. */
const KEYS = 32;

/** Posts JSON. @returns the answer, which is one that something was accepted or made */
export async function post<T>({ gateway, apiKey }: Platform, path: string, body: object): Promise<T> {
  const response = await fetch(gateway + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`POST ${path} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

/** API keys, each of a service account of its own: rates and open streams are counted per principal. */
export async function createKeys(platform: Platform, role: Role): Promise<readonly string[]> {
  const keys: string[] = [];
  for (let no = 0; no < KEYS; no++) {
    const name = `bench ${role} ${no}`;
    const member = { name, kind: 'service-account', role };
    const { principal } = await post<{ principal: { id: string } }>(platform, '/v1/members', member);
    keys.push((await post<{ key: string }>(platform, '/v1/api-keys', { name, principal: principal.id })).key);
  }
  return keys;
}
