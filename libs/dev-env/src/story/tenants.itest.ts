/**
 * The wall between tenants from outside, over everything the contracts name: a stranger with an administrator's key of
 * another tenant is answered about ids that exist exactly as about ids that never were.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { contracts, idPrefixes, newId, type Contract, type IdKind } from '@conclave/contracts';
import { startConstellation, type Constellation } from '../testing/constellation.js';
import { leastRequest, type IdOf } from './least-request.js';
import { Api } from './program-voter.js';

type Routed = Contract & Required<Pick<Contract, 'http'>>;
interface Answer {
  readonly status: number;
  readonly text: string;
}

const routes = contracts.filter((contract): contract is Routed => contract.http !== undefined);
const kinds = Object.fromEntries(Object.entries(idPrefixes).map(([kind, prefix]) => [prefix, kind as IdKind]));
const unknown: IdOf = (prefix) => newId(kinds[prefix]!);
const CANARY = 'canary of the first tenant';
/** Named by texts that no pattern tells from others. */
const OWN = { role: 'first-tenants-role', policy: 'first-tenants-policy' };

let platform: Constellation;
const theirs = new Map<string, string>();
const known: IdOf = (prefix) => theirs.get(prefix) ?? unknown(prefix);

beforeAll(async () => {
  platform = await startConstellation();
  await settle();
}, 180_000);
afterAll(() => platform?.stop(), 60_000);

/** The first tenant makes one of everything. */
async function settle(): Promise<void> {
  const api = new Api(platform.gateway, platform.apiKey);
  const make = async (path: string, body: object): Promise<void> => {
    const made = await api.call<{ id?: string; principal?: { id: string } }>('POST', path, body);
    const id = made.id ?? made.principal?.id;
    if (id !== undefined) theirs.set(id.slice(0, id.indexOf('_')), id);
  };
  theirs.set('ten', platform.tenant);
  await make('/v1/workspaces', { name: CANARY });
  await make('/v1/members', { name: CANARY, kind: 'user', role: 'viewer' });
  await make('/v1/api-keys', { name: CANARY });
  await make('/v1/roles', { name: OWN.role, permissions: ['run:read'] });
  await make('/v1/sessions', { title: CANARY, agent: { agent: 'human', input: { question: CANARY } } });
  await make('/v1/runs', { title: CANARY, agent: 'human', input: { question: CANARY } });
  const task = { title: CANARY, agent: 'human', input: { question: CANARY } };
  await make('/v1/triggers', { title: CANARY, on: { kind: 'webhook' }, run: task });
  await make('/v1/webhooks', { url: 'https://1.1.1.1/canary', events: ['run.completed'] });
  await make('/v1/audit/holds', { reason: CANARY });
  await make('/v1/audit/exports', { format: 'jsonl' });
}

async function ask(key: string, { http, transport }: Routed, request: Readonly<Record<string, unknown>>): Promise<Answer> {
  const rest = new Map(Object.entries(request));
  const path = http.path.replaceAll(/\{\+?(\w+)\}/g, (_, name: string) => {
    const segment = encodeURIComponent(String(rest.get(name)));
    rest.delete(name);
    return segment;
  });
  const reads = http.method === 'GET';
  const query = new URLSearchParams([...rest].map(([name, member]): [string, string] => [name, String(member)]));
  const bytes = transport === 'stream';
  const response = await fetch(`${platform.gateway}${path}${reads ? `?${query.toString()}` : ''}`, {
    method: http.method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(reads ? {} : { 'content-type': bytes ? 'application/octet-stream' : 'application/json' }),
    },
    ...(reads ? {} : { body: bytes ? '' : JSON.stringify(Object.fromEntries(rest)) }),
    signal: AbortSignal.timeout(20_000),
  });
  return { status: response.status, text: await response.text() };
}

/** What was said, without the ids it was asked about and what differs by the moment. */
const plain = ({ status, text }: Answer, ids: readonly string[]): string =>
  ids.reduce((said, id) => said.replaceAll(id, 'id'), `${status} ${text}`).replaceAll(/"traceId":"\w+"/g, '');

function requestWith(contract: Contract, idOf: IdOf, own: typeof OWN) {
  const ids: string[] = [];
  const request = leastRequest(contract, (prefix) => {
    const id = idOf(prefix);
    ids.push(id);
    return id;
  });
  const named = contract.subject.startsWith('auth.v1.role.') ? 'name' : contract.subject.startsWith('auth.v1.policy.') ? 'id' : '';
  if (named in request && contract.http?.method !== 'POST' && contract.http?.method !== 'PUT') {
    const id = named === 'name' ? own.role : own.policy;
    request[named] = id;
    ids.push(id);
  }
  return { request, ids };
}

describe('a stranger from another tenant', () => {
  it('is answered on every route as though nothing of the tenant were there', async () => {
    const compared: string[] = [];
    const malformed: string[] = [];
    for (const contract of routes) {
      const asked = requestWith(contract, known, OWN);
      const guessed = requestWith(contract, unknown, { role: 'no-role', policy: 'no-policy' });
      const answer = await ask(platform.apiKeyB, contract, asked.request);
      const route = `${contract.http.method} ${contract.http.path}`;
      const revealed = [...theirs.values(), CANARY, platform.workspace].filter(
        (secret) => answer.text.includes(secret) && !asked.ids.includes(secret),
      );
      expect([route, revealed]).toEqual([route, []]);
      if (asked.ids.length === 0) continue;
      const guess = await ask(platform.apiKeyB, contract, guessed.request);
      if (answer.status < 300) expect([route, guess.status]).toEqual([route, answer.status]);
      else expect([route, plain(answer, asked.ids)]).toEqual([route, plain(guess, guessed.ids)]);
      (answer.status === 400 ? malformed : compared).push(`${route} ${answer.status}`);
    }
    console.error(compared.join('\n'), '\nMALFORMED', malformed.join('\n'));
  }, 120_000);
});
